"""What became of a refund that nobody heard of: looked up, repeated, or given up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from notices.models import OperatorAlert
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import RefundState
from revenue.exchanges.refunds import sweep_refunds
from revenue.models import Order, RefundRequest, RevenueEvent
from tests.outside import gateway_to, lose_next_answer
from tests.revenue.refunds.conftest import Ask
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db(transaction=True)

REFUNDS = "/v1/refunds"


def later(**span: float) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) + timedelta(**span)


def at_stripe(gateway: StripeGateway, order: Order) -> list[str]:
    return [fact.request_ref for fact in gateway.refunds_of_payment(order.payment_intent_id)]


def lost(ask: Ask, outside: RunningSandbox) -> RefundRequest:
    """The refund is made, but the answer never arrives."""
    lose_next_answer(outside, REFUNDS)
    request = ask(3_000)
    assert request.state == RefundState.UNKNOWN
    return request


def test_a_lost_answer_is_found_by_looking(
    ask: Ask, outside: RunningSandbox, gateway: StripeGateway, paid_order: Order
) -> None:
    request = lost(ask, outside)

    assert sweep_refunds(gateway=gateway, clock=later(minutes=10)) == 1

    request.refresh_from_db()
    assert request.state == RefundState.REQUESTED
    assert at_stripe(gateway, paid_order) == [request.reference]
    assert not RevenueEvent.objects.filter(kind="refund").exists()


def test_a_call_that_never_arrived_is_repeated_with_its_key(
    ask: Ask, gateway: StripeGateway, paid_order: Order
) -> None:
    request = ask(3_000, gateway=gateway_to("http://127.0.0.1:9", timeout_s=0.3))

    sweep_refunds(gateway=gateway, clock=later(minutes=10))

    request.refresh_from_db()
    assert request.state == RefundState.REQUESTED
    assert at_stripe(gateway, paid_order) == [request.reference]


def test_after_a_5xx_that_did_the_work_nothing_is_doubled(
    ask: Ask, outside: RunningSandbox, gateway: StripeGateway, paid_order: Order
) -> None:
    outside.control(
        "faults", effect="status", status=500, when="after", path=REFUNDS, method="POST", count=1
    )
    request = ask(3_000)
    assert (request.state, request.last_error) == (RefundState.UNKNOWN, "http_500")

    sweep_refunds(gateway=gateway, clock=later(minutes=10))

    request.refresh_from_db()
    assert request.state == RefundState.REQUESTED
    assert at_stripe(gateway, paid_order) == [request.reference]


def test_once_the_key_is_forgotten_what_is_not_there_never_was(
    ask: Ask, gateway: StripeGateway, paid_order: Order
) -> None:
    request = ask(3_000, gateway=gateway_to("http://127.0.0.1:9", timeout_s=0.3))

    sweep_refunds(gateway=gateway, clock=later(hours=25))

    request.refresh_from_db()
    assert (request.state, request.last_error) == (RefundState.REFUSED, "never_made")
    assert at_stripe(gateway, paid_order) == []
    assert OperatorAlert.objects.filter(kind="refund_failed").count() == 1


def test_stripe_still_away_keeps_it_unknown(ask: Ask) -> None:
    deaf = gateway_to("http://127.0.0.1:9", timeout_s=0.3)
    request = ask(3_000, gateway=deaf)
    checked_first = request.next_check_at

    sweep_refunds(gateway=deaf, clock=later(minutes=10))

    request.refresh_from_db()
    assert request.state == RefundState.UNKNOWN
    assert request.next_check_at is not None
    assert request.next_check_at > checked_first
    assert request.leased_until is None


def test_when_no_event_comes_stripes_own_record_books_it(
    ask: Ask, gateway: StripeGateway, paid_order: Order
) -> None:
    request = ask(3_000)
    assert sweep_refunds(gateway=gateway, clock=later(minutes=10)) == 0

    sweep_refunds(gateway=gateway, clock=later(hours=2))

    request.refresh_from_db()
    paid_order.refresh_from_db()
    assert (request.state, request.next_check_at) == (RefundState.BOOKED, None)
    assert paid_order.refunded_minor == 3_000
    assert RevenueEvent.objects.get(kind="refund").source == "sweep"


def test_what_is_settled_is_left_alone(ask: Ask, gateway: StripeGateway) -> None:
    ask(3_000)
    sweep_refunds(gateway=gateway, clock=later(hours=2))

    assert sweep_refunds(gateway=gateway, clock=later(hours=48)) == 0


def test_two_sweeps_share_the_work(ask: Ask, gateway: StripeGateway) -> None:
    request = ask(3_000, gateway=gateway_to("http://127.0.0.1:9", timeout_s=0.3))
    RefundRequest.objects.filter(pk=request.pk).update(
        leased_until=later(minutes=30)(), lease_token=1
    )

    assert sweep_refunds(gateway=gateway, clock=later(minutes=10)) == 0
