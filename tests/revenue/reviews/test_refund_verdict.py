"""The verdict *refund*: all of it, by an owner, through the same request as any refund."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from kernel.money import Money
from kernel.references import new_reference
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import OrderState, RefundState
from revenue.exchanges.refunds import sweep_refunds
from revenue.models import CheckoutSession, Order, OrderReview, RefundRequest
from revenue.operations.refund_requests import NotRefundable
from revenue.usecases.decide_review import refund_reviewed_order
from revenue.usecases.open_checkout import buy
from revenue.usecases.request_refund import request_refund
from revenue.usecases.return_from_checkout import return_from_checkout
from tests.factories.people import make_person
from tests.factories.revenue import OfferFactory
from tests.outside import _outside, gateway, outside
from tests.revenue.refunds.test_sweep_refunds import later
from tests.sandbox.running_sandbox import RunningSandbox

__all__ = ["_outside", "gateway", "outside"]

pytestmark = pytest.mark.django_db(transaction=True)

ALL = Money(10_000, "USD")


@pytest.fixture
def owner() -> User:
    return make_person("owner")


@pytest.fixture
def order(outside: RunningSandbox, gateway: StripeGateway) -> Order:
    """$100.00 were taken where our row says $250.00."""
    now = datetime.now(UTC)
    checkout = buy(
        offer=OfferFactory(amount_minor=ALL.amount_minor),
        buy_key=new_reference("buy"),
        trace_ref=new_reference("trc"),
        entry_page="/",
        gateway=gateway,
        now=now,
    )
    CheckoutSession.objects.filter(pk=checkout.pk).update(amount_minor=25_000)
    outside.pay(checkout.stripe_id or "", wait_s=0)
    return_from_checkout(session_id=checkout.stripe_id or "", gateway=gateway, now=now)
    return Order.objects.get(checkout=checkout)


@pytest.fixture
def decide(order: Order, owner: User, gateway: StripeGateway) -> Callable[..., RefundRequest]:
    def call(amount: Money = ALL, **changes: Any) -> RefundRequest:
        asked = {
            "order_ref": order.reference,
            "request_ref": new_reference("rfq"),
            "amount": amount,
            "reason": "we never offered that",
            "actor_id": owner.pk,
            "gateway": gateway,
            "now": datetime.now(UTC),
        }
        return refund_reviewed_order(**(asked | changes))

    return call


Decide = Callable[..., RefundRequest]


def test_verdict_and_request_are_one_commit_and_stripe_books(
    decide: Decide, order: Order, gateway: StripeGateway
) -> None:
    request = decide()
    order.refresh_from_db()
    assert (OrderReview.objects.get().verdict, request.state) == ("refund", RefundState.REQUESTED)
    assert order.state == OrderState.NEEDS_REVIEW

    sweep_refunds(gateway=gateway, clock=later(hours=2))

    order.refresh_from_db()
    assert (order.state, order.refunded_minor) == (OrderState.REFUNDED, 10_000)


def test_only_all_of_it(decide: Decide) -> None:
    with pytest.raises(NotRefundable, match="All of it"):
        decide(Money(9_999, "USD"))

    assert not OrderReview.objects.exists()
    assert not RefundRequest.objects.exists()


def test_the_plain_refund_waits_for_a_verdict(
    order: Order, owner: User, gateway: StripeGateway
) -> None:
    with pytest.raises(NotRefundable, match="decide about this order first"):
        request_refund(
            order_ref=order.reference,
            request_ref=new_reference("rfq"),
            amount=ALL,
            seen=ALL,
            reason="past the review",
            actor_id=owner.pk,
            gateway=gateway,
            now=datetime.now(UTC),
        )

    assert not RefundRequest.objects.exists()


def test_pressing_twice_is_one_request(decide: Decide) -> None:
    once = new_reference("rfq")

    assert decide(request_ref=once).pk == decide(request_ref=once).pk


def test_a_refusal_leaves_the_verdict_and_an_owner_asks_again(
    decide: Decide, order: Order, owner: User, gateway: StripeGateway, outside: RunningSandbox
) -> None:
    outside.control(
        "faults", effect="status", status=402, path="/v1/refunds", method="POST", count=1
    )
    assert decide().state == RefundState.REFUSED

    again = request_refund(
        order_ref=order.reference,
        request_ref=new_reference("rfq"),
        amount=ALL,
        seen=ALL,
        reason="again",
        actor_id=owner.pk,
        gateway=gateway,
        now=datetime.now(UTC),
    )

    assert again.state == RefundState.REQUESTED
    assert OrderReview.objects.get().verdict == "refund"
