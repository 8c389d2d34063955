"""What Stripe does not say is neither zero nor 1970: the field is named, at once, to a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from notices.models import OperatorAlert
from revenue.adapters import stripe_reading
from revenue.enums import EventState, OrderState
from revenue.models import CheckoutSession, Order, Refund, RevenueEvent, StripeWebhookEvent
from revenue.ports import UnreadableEvent
from tests.factories.revenue import (
    CheckoutFactory,
    dispute_object,
    filed,
    movement,
    refund_object,
    session_object,
)

Process = Callable[[], list[StripeWebhookEvent]]
COMPLETED = "checkout.session.completed"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("payment_status", ["paid", "unpaid"])
@pytest.mark.parametrize(
    ("name", "is_null"),
    [
        *[("amount_total", False), ("currency", False), ("created", False), ("id", False)],
        *[("amount_total", True), ("currency", True), ("created", True), ("livemode", False)],
    ],
)
def test_a_completed_session_without_it_sells_nothing_and_waits_for_a_person(
    process: Process, name: str, payment_status: str, is_null: bool
) -> None:
    payload = session_object(CheckoutFactory(), payment_status=payment_status)
    payload.pop(name)
    filed(COMPLETED, payload | ({name: None} if is_null else {}))

    (event,) = process()

    assert (event.state, event.attempts) == (EventState.DEAD, 1)
    assert event.error == f"{COMPLETED}: {name}: missing"
    assert [alert.kind for alert in OperatorAlert.objects.all()] == ["event_dead"]
    assert not Order.objects.exists()
    assert not RevenueEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_foreign_session_without_a_time_is_not_of_1970(process: Process) -> None:
    foreign = session_object(CheckoutFactory.build(offer=None, stripe_id="cs_test_foreign00000"))
    del foreign["created"]
    filed(COMPLETED, foreign)

    (event,) = process()

    assert event.error == f"{COMPLETED}: created: missing"
    assert not CheckoutSession.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_payment_without_an_id_is_named_before_a_refund_of_it_is_lost(process: Process) -> None:
    filed(COMPLETED, session_object(CheckoutFactory(), payment_intent=None))

    (event,) = process()

    assert event.state == EventState.DEAD
    assert event.error == f"{COMPLETED}: payment_intent: missing, though amount_total was paid"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["amount", "currency", "created", "status"])
def test_a_refund_without_it_gives_nothing_back(process: Process, name: str) -> None:
    checkout = CheckoutFactory()
    filed(COMPLETED, session_object(checkout))
    filed("refund.created", refund_object(checkout) | {name: None})

    _paid, event = process()

    assert (event.state, event.attempts) == (EventState.DEAD, 1)
    assert event.error.startswith(f"refund.created: {name}: ")
    assert not Refund.objects.exists()
    assert Order.objects.get().state == OrderState.PAID


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["amount", "currency", "created", "id", "fee"])
def test_a_movement_of_a_dispute_without_it_is_not_booked_as_zero(
    process: Process, name: str
) -> None:
    checkout = CheckoutFactory()
    filed(COMPLETED, session_object(checkout))
    out = movement("txn_1Out0000000000", -100, fee=1_500) | {name: None}
    filed("charge.dispute.created", dispute_object(checkout, balance_transactions=[out]))

    _paid, event = process()

    assert (event.state, event.attempts) == (EventState.DEAD, 1)
    assert event.error.startswith(f"charge.dispute.created: {name}: ")
    assert [booked.kind for booked in RevenueEvent.objects.all()] == ["payment"]


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        (
            "charge.dispute.created",
            {"balance_transactions": [None]},
            "balance_transactions: holds something that is no object",
        ),
        (
            "charge.dispute.created",
            {"balance_transactions": ["txn_1"]},
            "balance_transactions: holds something that is no object",
        ),
        (
            "charge.dispute.created",
            {"payment_intent": None, "charge": None},
            "payment_intent: missing, and so is charge",
        ),
        ("charge.dispute.created", {"evidence_details": 7}, "evidence_details: no object"),
        ("charge.dispute.created", {"payment_intent": 7}, "payment_intent: no id of Stripe's"),
        ("charge.dispute.created", {"amount": "100"}, "amount: not a whole number of minor units"),
        ("charge.dispute.created", {"status": None}, "status: missing"),
    ],
)
def test_what_is_wrong_with_a_field_is_said_in_plain_words(
    kind: str, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UnreadableEvent) as raised:
        stripe_reading.read(type_=kind, data=dispute_object(CheckoutFactory.build(pk=1), **change))

    assert str(raised.value) == f"{kind}: {reason}"


def test_a_balance_line_and_a_link_say_what_they_lack() -> None:
    line = {
        "id": "txn_1",
        "type": "charge",
        "reporting_category": "charge",
        "amount": 100,
        "fee": 33,
        "currency": "usd",
        "created": 1,
        "source": {"object": "charge", "id": "ch_1", "amount": 100, "currency": "usd"},
    }
    problems = []
    for reader, data in (
        (stripe_reading.balance_line, line | {"fee": None}),
        (stripe_reading.balance_line, line | {"created": None}),
        (stripe_reading.balance_line, line | {"source": {"object": "charge", "id": "ch_1"}}),
        (
            stripe_reading.payment_link,
            {"id": "plink_1", "url": "https://x.example", "active": None},
        ),
        (stripe_reading.lines_of, {"balance_transaction": "txn_1"}),
    ):
        with pytest.raises(UnreadableEvent) as raised:
            reader(data)
        problems.append(str(raised.value))

    assert problems == [
        "fee: missing",
        "created: missing",
        "amount: missing",
        "active: missing",
        "balance_transaction: no object",
    ]
