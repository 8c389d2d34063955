"""Refunds, disputes and second payments, as Stripe's events tell them, each recorded once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crm.models import Deal
from fulfillment.models import OrderIntake
from kernel.money import Money
from notices.models import OperatorAlert
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import EventState, OrderState, Source
from revenue.exchanges.events import process_due
from revenue.models import Order, RevenueEvent, StripeWebhookEvent
from tests.factories.revenue import (
    CheckoutFactory,
    dispute_object,
    filed,
    refund_object,
    session_object,
)
from tests.outside import _outside, gateway, outside
from tests.revenue.conftest import Clock

__all__ = ["_outside", "gateway", "outside"]

pytestmark = pytest.mark.django_db(transaction=True)

Process = Callable[[], list[StripeWebhookEvent]]


def test_a_refund_before_its_payment_waits_and_is_woken_by_it(process: Process) -> None:
    checkout = CheckoutFactory()
    refund = filed("refund.created", refund_object(checkout, amount=40))
    process()
    refund.refresh_from_db()
    state_alone = refund.state

    filed("checkout.session.completed", session_object(checkout))
    process()

    refund.refresh_from_db()
    order = Order.objects.get()
    assert (state_alone, refund.state) == (EventState.WAITING, EventState.PROCESSED)
    assert (order.state, order.refundable) == (
        OrderState.PARTIALLY_REFUNDED,
        Money(60, "USD"),
    )


def test_two_partial_refunds_of_one_charge_are_two(process: Process) -> None:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    filed("refund.created", refund_object(checkout, id="re_1First0000000", amount=40))
    filed("refund.created", refund_object(checkout, id="re_1Second000000", amount=60))

    process()

    assert Order.objects.get().state == OrderState.REFUNDED
    assert sorted(RevenueEvent.objects.values_list("kind", "amount_minor")) == [
        ("payment", 100),
        ("refund", -60),
        ("refund", -40),
    ]


def test_a_refund_that_fails_later_is_reversed(process: Process) -> None:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    filed("refund.updated", refund_object(checkout))
    filed("refund.failed", refund_object(checkout, status="failed"))

    process()

    assert Order.objects.get().state == OrderState.REFUND_OWED
    assert sorted(RevenueEvent.objects.values_list("kind", "amount_minor")) == [
        ("payment", 100),
        ("refund", -100),
        ("refund_reversal", 100),
    ]
    assert {a.kind for a in OperatorAlert.objects.all()} == {"refund_failed"}
    assert {
        (a.facts["amount_minor"], a.facts["currency"]) for a in OperatorAlert.objects.all()
    } == {(100, "USD")}


def test_a_pending_refund_books_nothing_yet(process: Process) -> None:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    filed("refund.created", refund_object(checkout, status="pending"))

    process()

    assert Order.objects.get().state == OrderState.PAID
    assert RevenueEvent.objects.count() == 1


def test_a_dispute_freezes_the_work_and_tells_the_deadline(process: Process) -> None:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    filed("charge.dispute.created", dispute_object(checkout))

    process()

    alert = OperatorAlert.objects.get()
    assert Order.objects.get().state == OrderState.DISPUTED
    assert OrderIntake.objects.get().frozen_reason == "dispute"
    assert (alert.kind, "2026-10-08" in alert.facts["evidence_due_at"]) == ("dispute_opened", True)


def test_a_second_payment_for_one_deal_is_an_order_of_its_own(process: Process) -> None:
    first = CheckoutFactory()
    second = CheckoutFactory(trace_ref=first.trace_ref, offer=first.offer)
    filed("checkout.session.completed", session_object(first))
    process()
    filed("checkout.session.completed", session_object(second))
    process()

    orders = list(Order.objects.order_by("id"))
    assert [order.state for order in orders] == ["paid", "paid"]
    assert [order.double_of_id for order in orders] == [None, orders[0].pk]
    assert Deal.objects.count() == 1


def test_a_full_refund_stops_the_work_also_while_it_failed_and_is_owed(process: Process) -> None:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    filed("refund.updated", refund_object(checkout))
    process()
    after_refund = OrderIntake.objects.get().frozen_reason
    filed("refund.failed", refund_object(checkout, status="failed"))
    process()

    assert (after_refund, OrderIntake.objects.get().frozen_reason) == ("refund", "refund")


def test_a_refund_of_a_payment_that_nobody_knows_waits_ten_times_and_then_for_a_person(
    gateway: StripeGateway, clock: Clock
) -> None:
    refund = filed("refund.created", refund_object(CheckoutFactory(), amount=40))
    states = []
    for _ in range(11):
        process_due(gateway=gateway, source=Source.DELIVERY, clock=clock)
        refund.refresh_from_db()
        states.append(EventState(refund.state))
        clock.forward(hours=7)

    assert states == [EventState.WAITING] * 9 + [EventState.DEAD] * 2
    assert refund.attempts == 10
    assert f"no payment {refund.waits_for or 'pi_'}" in refund.error
