"""Of a word of Stripe's that we do not know nothing follows: a person looks at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fulfillment.models import OrderIntake
from ledger.models import Posting
from notices.models import OperatorAlert
from revenue.enums import EventState, OrderState
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    Dispute,
    Order,
    Refund,
    RevenueEvent,
    StripeWebhookEvent,
)
from revenue.policy import DISPUTE_RANKS
from revenue.ports import PAYMENT_STATUSES, REFUND_STATUSES, SESSION_STATUSES
from tests.factories.revenue import (
    CheckoutFactory,
    dispute_object,
    filed,
    movement,
    refund_object,
    session_object,
)

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], list[StripeWebhookEvent]]
COMPLETED = "checkout.session.completed"


def test_the_lists_are_stripes() -> None:
    assert {"open", "complete", "expired"} == SESSION_STATUSES
    assert {"paid", "no_payment_required", "unpaid"} == PAYMENT_STATUSES
    assert {"pending", "requires_action", "succeeded", "failed", "canceled"} == REFUND_STATUSES
    assert set(DISPUTE_RANKS) == {
        *("warning_needs_response", "warning_under_review", "warning_closed"),
        *("needs_response", "under_review", "won", "lost", "prevented"),
    }


@pytest.mark.parametrize("kind", [COMPLETED, "checkout.session.async_payment_succeeded"])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"payment_status": "partially_paid"}, "payment_status: partially_paid, which is none of"),
        ({"payment_status": None}, "payment_status: missing"),
        ({"payment_status": "Paid by Ada Lovelace"}, "payment_status: no word of Stripe's"),
        ({"payment_status": True}, "payment_status: no word of Stripe's"),
        ({"status": "suspended"}, "status: suspended, which is none of complete, expired, open"),
        ({"status": None}, "status: missing"),
    ],
)
def test_a_session_that_says_something_else_sells_nothing_and_waits_for_a_person(
    process: Process, kind: str, change: dict[str, Any], reason: str
) -> None:
    checkout = CheckoutFactory()
    filed(kind, session_object(checkout, **change))

    (event,) = process()

    assert (event.state, event.attempts) == (EventState.DEAD, 1)
    assert event.error.startswith(f"{kind}: {reason}")
    assert "Ada" not in event.error
    assert [alert.kind for alert in OperatorAlert.objects.all()] == ["event_dead"]
    assert CheckoutSession.objects.get().state == "open"
    for nothing in (Order, RevenueEvent, OrderIntake, BuyerMail, Posting):
        assert not nothing.objects.exists()


def test_what_is_not_required_yet_is_not_paid(process: Process) -> None:
    filed(COMPLETED, session_object(CheckoutFactory(), payment_status="no_payment_required"))

    (event,) = process()

    assert event.state == EventState.DEAD
    assert "payment_status: no_payment_required, but amount_total is not 0" in event.error
    assert not RevenueEvent.objects.exists()


@pytest.mark.parametrize("word", ["partially_succeeded", None, ""])
def test_a_refund_that_says_something_else_is_neither_booked_nor_under_way(
    process: Process, word: str | None
) -> None:
    checkout = CheckoutFactory()
    filed(COMPLETED, session_object(checkout))
    filed("refund.updated", refund_object(checkout, status=word))

    _paid, event = process()

    assert (event.state, event.attempts) == (EventState.DEAD, 1)
    assert event.error.startswith("refund.updated: status: ")
    assert not Refund.objects.exists()
    assert Order.objects.get().state == OrderState.PAID
    assert [alert.kind for alert in OperatorAlert.objects.all()] == ["event_dead"]


def test_a_dispute_of_an_unknown_status_stops_the_work_books_what_moved_and_is_told(
    process: Process,
) -> None:
    checkout = CheckoutFactory()
    filed(COMPLETED, session_object(checkout))
    out = movement("txn_1Out0000000000", -100, fee=1_500)
    strange = dispute_object(checkout, status="arbitration", balance_transactions=[out])
    filed("charge.dispute.updated", strange)

    _paid, event = process()

    assert (event.state, event.attempts) == (EventState.DEAD, 1)
    assert event.error.startswith("status: arbitration, which is no status of a dispute")
    assert event.order_id == Order.objects.get().pk
    assert (Dispute.objects.get().status, Order.objects.get().state) == (
        "arbitration",
        OrderState.DISPUTED,
    )
    assert OrderIntake.objects.get().frozen_reason == "dispute"
    assert sorted(RevenueEvent.objects.values_list("kind", "amount_minor")) == [
        ("dispute", -100),
        ("fee", -1_500),
        ("payment", 100),
    ]
    assert {alert.kind for alert in OperatorAlert.objects.all()} == {
        "event_dead",
        "dispute_opened",
    }


def test_an_unknown_status_of_a_known_dispute_is_told_too(process: Process) -> None:
    checkout = CheckoutFactory()
    filed(COMPLETED, session_object(checkout))
    filed("charge.dispute.closed", dispute_object(checkout, status="won"))
    filed("charge.dispute.updated", dispute_object(checkout, status="arbitration"))

    *_, event = process()

    assert event.state == EventState.DEAD
    assert event.error.startswith("status: arbitration")
