"""Amounts of two currencies are never added or compared: what is foreign goes to a person."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fulfillment.models import OrderIntake
from kernel.money import Money
from notices.models import OperatorAlert
from revenue.adapters.stripe_reading import balance_line
from revenue.enums import EventState, OrderState
from revenue.models import BuyerMail, Dispute, Order, Refund, RevenueEvent, StripeWebhookEvent
from revenue.operations.order_state import refunded_minor
from revenue.queries import known_refunds
from revenue.queries.refundable import refundable_now
from tests.factories.orders import OrderFactory
from tests.factories.revenue import (
    NOON,
    CheckoutFactory,
    dispute_object,
    filed,
    movement,
    refund_object,
    session_object,
)

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], list[StripeWebhookEvent]]


@pytest.mark.parametrize("status", ["succeeded", "pending", "failed"])
def test_yen_give_no_dollars_back(process: Process, status: str) -> None:
    checkout = CheckoutFactory(amount_minor=200)
    filed("checkout.session.completed", session_object(checkout))
    yen = refund_object(checkout, amount=200, currency="jpy", status=status)
    filed("refund.created", yen)

    _paid, event = process()

    order = Order.objects.get()
    assert (event.state, event.attempts) == (EventState.DEAD, 1)
    assert event.error == (
        f"currency: refund re_1Test00000000 gives ¥200 JPY back, but order {order.reference} was"
        " paid in USD. Look at it at Stripe."
    )
    assert (order.state, order.refundable) == (OrderState.PAID, Money(200, "USD"))
    assert not Refund.objects.exists()
    assert [booked.amount for booked in RevenueEvent.objects.all()] == [Money(200, "USD")]
    assert [mail.kind for mail in BuyerMail.objects.all()] == ["paid"]
    assert [alert.kind for alert in OperatorAlert.objects.all()] == ["event_dead"]


def test_what_was_booked_in_another_currency_before_counts_for_nothing_now() -> None:
    order = OrderFactory()
    Refund.objects.create(
        stripe_id="re_yen",
        order=order,
        mode=order.mode,
        amount_minor=100,
        currency="JPY",
        status="pending",
        created_at=NOON,
    )
    RevenueEvent.objects.create(
        reference="rev_yen",
        mode=order.mode,
        order=order,
        kind="refund",
        amount_minor=-100,
        currency="JPY",
        fact_key="refund:re_yen:refund",
        stripe_object_id="re_yen",
        source="delivery",
        trace_ref=order.trace_ref,
        occurred_at=NOON,
        recorded_at=NOON,
    )

    assert refunded_minor(order) == 0
    assert refundable_now(order) == Money(119, "USD")


def test_a_charge_that_was_refunded_in_another_currency_is_looked_into(process: Process) -> None:
    checkout = CheckoutFactory(amount_minor=200)
    filed("checkout.session.completed", session_object(checkout))
    filed("refund.created", refund_object(checkout, amount=200))
    yen = {
        "id": "ch_1Yen000000000",
        "object": "charge",
        "payment_intent": refund_object(checkout)["payment_intent"],
        "amount_refunded": 200,
        "currency": "jpy",
    }
    filed("charge.refunded", yen)

    *_, event = process()

    order = Order.objects.get()
    known = known_refunds(payment_intent_id=order.payment_intent_id, charge_id="", mode=order.mode)
    assert known == Money(200, "USD")
    assert event.state == EventState.FAILED  # its refunds are asked of a Stripe that is away here


def test_a_dispute_in_another_currency_stops_the_work_and_goes_to_a_person(
    process: Process,
) -> None:
    checkout = CheckoutFactory(amount_minor=200)
    filed("checkout.session.completed", session_object(checkout))
    out = movement("txn_1Out0000000000", -50, currency="jpy")
    yen = dispute_object(checkout, amount=50, currency="jpy", balance_transactions=[out])
    filed("charge.dispute.created", yen)

    _paid, event = process()

    order = Order.objects.get()
    assert event.state == EventState.DEAD
    assert event.error.startswith("currency: ¥50 JPY is disputed, but order")
    assert (order.state, order.refundable) == (OrderState.DISPUTED, Money(0, "USD"))
    assert OrderIntake.objects.get().frozen_reason == "dispute"
    assert Dispute.objects.get().amount == Money(50, "JPY")
    assert [b.amount for b in RevenueEvent.objects.filter(kind="dispute")] == [Money(-50, "JPY")]


@pytest.mark.parametrize(
    ("change", "reason", "total"),
    [
        ({"amount_total": 90}, "amount_differs", Money(90, "USD")),
        ({"currency": "eur"}, "currency_differs", Money(100, "EUR")),
    ],
)
def test_what_the_bank_paid_in_the_end_is_booked_and_where_it_differs_a_person_looks(
    process: Process, change: dict[str, object], reason: str, total: Money
) -> None:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout, payment_status="unpaid"))
    process()
    filed("checkout.session.async_payment_succeeded", session_object(checkout, **change))
    process()

    order = Order.objects.get()
    assert (order.state, order.review_reason) == (OrderState.NEEDS_REVIEW, reason)
    assert (order.total, RevenueEvent.objects.get().amount) == (total, total)
    assert not OrderIntake.objects.exists()


def test_of_a_partial_capture_only_what_was_not_captured_went_back() -> None:
    line = {
        "id": "txn_1",
        "type": "charge",
        "reporting_category": "partial_capture_reversal",
        "amount": -44,
        "fee": 0,
        "currency": "usd",
        "created": 1,
        "source": {
            "object": "charge",
            "id": "ch_1",
            "amount": 100,
            "amount_captured": 60,
            "currency": "eur",
        },
    }

    assert balance_line(line).presented == Money(-40, "EUR")
