"""A paid session becomes an order, a revenue event, a won deal and an intake: one commit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Contact, Deal
from fulfillment.models import OrderIntake
from kernel.money import Money
from ledger.models import LedgerEntry, Posting
from revenue.enums import CheckoutState, EventState, OrderState
from revenue.models import BuyerMail, Order, RevenueEvent, StripeWebhookEvent
from tests.factories.revenue import CheckoutFactory, filed, session_object

Process = Callable[[], list[StripeWebhookEvent]]
SQL_MAX = 25

pytestmark = pytest.mark.django_db(transaction=True)


def test_payment_makes_the_whole_sale(process: Process) -> None:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))

    (event,) = process()

    order = Order.objects.get()
    checkout.refresh_from_db()
    deal = Deal.objects.get()
    money = RevenueEvent.objects.get()
    assert (event.state, event.error_class) == (EventState.PROCESSED, "")
    assert (event.order_id, event.trace_ref) == (order.pk, checkout.trace_ref)
    assert checkout.state == CheckoutState.COMPLETE
    assert (order.state, order.total) == (OrderState.PAID, Money(100, "USD"))
    assert (order.deal_id, order.contact_id) == (deal.pk, Contact.objects.get().pk)
    assert (deal.stage, deal.won_order_ref) == ("won", order.reference)
    assert (money.kind, money.amount, money.event_id) == ("payment", Money(100, "USD"), event.pk)
    assert OrderIntake.objects.get().order_id == order.pk
    assert {m.kind for m in BuyerMail.objects.all()} == {"paid"}
    entry = LedgerEntry.objects.get(kind="revenue")
    assert {(p.account, p.amount_minor) for p in Posting.objects.filter(entry=entry)} == {
        ("assets:stripe", 100),
        ("income:sales", -100),
    }
    assert {order.trace_ref, deal.trace_ref, money.trace_ref, entry.trace_ref} == {
        checkout.trace_ref
    }


def test_a_second_event_for_the_same_change_changes_nothing(process: Process) -> None:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    filed("checkout.session.completed", session_object(checkout), id="evt_second")

    events = process()

    assert [e.state for e in events] == [EventState.PROCESSED, EventState.PROCESSED]
    assert [a.outcome for e in events for a in e.attempt_rows.all()] == [
        "recorded",
        "already_known",
    ]
    assert (Order.objects.count(), RevenueEvent.objects.count()) == (1, 1)
    assert (Deal.objects.count(), OrderIntake.objects.count()) == (1, 1)
    assert BuyerMail.objects.count() == 1


def test_one_sale_costs_at_most_25_statements(process: Process) -> None:
    process()  # warm caches such as content types
    filed("checkout.session.completed", session_object(CheckoutFactory()))

    with CaptureQueriesContext(
        connection,
    ) as captured:
        process()

    statements = [q["sql"] for q in captured if not q["sql"].startswith(("SELECT set_config",))]
    assert len(statements) <= SQL_MAX, "\n".join(statements)


def test_a_free_session_is_paid_with_zero(process: Process) -> None:
    checkout = CheckoutFactory(amount_minor=0)
    free = session_object(checkout, payment_status="no_payment_required", payment_intent=None)
    filed("checkout.session.completed", free)

    process()

    assert Order.objects.get().state == OrderState.PAID
    assert RevenueEvent.objects.get().amount == Money(0, "USD")
    assert not Posting.objects.exists()


@pytest.mark.parametrize("customer", ["cus_ada", {"id": "cus_ada", "object": "customer"}])
def test_a_buyer_that_stripe_keeps_as_a_customer_is_known_by_that_id(
    process: Process, customer: object
) -> None:
    filed("checkout.session.completed", session_object(CheckoutFactory(), customer=customer))

    process()

    assert Contact.objects.get().stripe_customer_id == "cus_ada"


def test_the_customer_that_is_only_known_once_the_bank_paid_is_kept_too(process: Process) -> None:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout, payment_status="unpaid"))
    process()
    assert Contact.objects.get().stripe_customer_id == ""

    filed("checkout.session.async_payment_succeeded", session_object(checkout, customer="cus_ada"))
    process()

    assert Contact.objects.get().stripe_customer_id == "cus_ada"
