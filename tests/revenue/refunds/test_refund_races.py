"""Eight owners at once, and one owner who presses eight times."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from kernel.references import new_reference
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.models import Order, RefundRequest
from revenue.operations.refund_requests import NotRefundable
from tests.revenue.refunds.conftest import Ask

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]


def at_once(call: Callable[[int], object], times: int = 8) -> list[object]:
    def run(number: int) -> object:
        try:
            return call(number)
        except NotRefundable as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def total_at_stripe(gateway: StripeGateway, order: Order) -> int:
    found = gateway.refunds_of_payment(order.payment_intent_id)
    return sum(fact.amount.amount_minor for fact in found)


def test_eight_owners_refund_once(ask: Ask, gateway: StripeGateway, paid_order: Order) -> None:
    answers = at_once(lambda _: ask(6_000))

    assert sum(isinstance(answer, RefundRequest) for answer in answers) == 1
    assert total_at_stripe(gateway, paid_order) == 6_000


def test_one_form_pressed_eight_times_refunds_once(
    ask: Ask, gateway: StripeGateway, paid_order: Order
) -> None:
    once = new_reference("rfq")

    answers = at_once(lambda _: ask(1_000, request_ref=once))

    assert {getattr(answer, "reference", None) for answer in answers} == {once}
    assert total_at_stripe(gateway, paid_order) == 1_000
