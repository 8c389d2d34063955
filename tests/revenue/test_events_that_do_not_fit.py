"""Events of no meaning, of another world, of another price, and events that poison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from crm.models import Deal
from fulfillment.models import OrderIntake
from kernel.failures import will_fail_again, words_to_keep
from kernel.money import Money
from ledger.models import Posting
from notices.models import OperatorAlert
from revenue.enums import EventState, OrderState
from revenue.models import CheckoutSession, Order, RevenueEvent, StripeWebhookEvent, WebhookAttempt
from revenue.retries import EVENT_RETRIES
from tests.factories.crm import DealFactory
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


@pytest.mark.parametrize("event_type", ["payout.paid", "customer.created", "made.up.by.nobody"])
def test_an_unknown_type_is_ignored_and_kept(process: Process, event_type: str) -> None:
    filed(event_type, {"id": "po_1", "object": "payout"})

    (event,) = process()

    assert (event.state, event.body is not None) == (EventState.IGNORED, True)
    assert [a.outcome for a in WebhookAttempt.objects.all()] == ["ignored"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"livemode": True}, "livemode"), ({"api_version": "2019-01-01"}, "2019-01-01")],
)
def test_an_event_of_another_world_is_parked(
    process: Process, changes: dict[str, Any], word: str
) -> None:
    filed("checkout.session.completed", session_object(CheckoutFactory()), **changes)

    (event,) = process()

    assert (event.state, event.error_class, word in event.error) == (
        EventState.DEAD,
        "NeedsOperator",
        True,
    )
    assert [alert.kind for alert in OperatorAlert.objects.all()] == ["event_dead"]
    assert not Order.objects.exists()


def test_an_event_of_a_connected_account_is_not_ours(process: Process) -> None:
    paid = session_object(CheckoutFactory())
    filed("checkout.session.completed", paid, account="acct_somebodyelse")

    (event,) = process()

    assert event.state == EventState.IGNORED
    assert not Order.objects.exists()


@pytest.mark.parametrize("changes", [{}, {"account": "acct_somebodyelse"}])
def test_of_an_unread_version_only_what_is_ours_and_means_something_is_parked(
    process: Process, changes: dict[str, Any]
) -> None:
    filed("payout.paid", {"id": "po_1", "object": "payout"}, api_version="2019-01-01", **changes)
    paid = session_object(CheckoutFactory())
    filed("checkout.session.completed", paid, api_version="2019-01-01", **changes)

    payout, session = process()

    assert payout.state == EventState.IGNORED
    assert session.state == (EventState.IGNORED if changes else EventState.DEAD)
    assert OperatorAlert.objects.count() == (0 if changes else 1)


def test_an_event_we_cannot_read_is_parked_with_its_error(process: Process) -> None:
    filed("checkout.session.completed", {"id": "cs_test_1", "payment_status": "paid"})

    (event,) = process()

    assert (event.state, event.error_class) == (EventState.DEAD, "NeedsOperator")
    assert event.attempts == 1  # looking again would not help


def test_a_failing_event_is_retried_ever_later_and_then_waits_for_a_person(
    process: Process, clock: Any
) -> None:
    # Of this charge Stripe would have to be asked, and Stripe answers nothing.
    filed("checkout.session.completed", session_object(CheckoutFactory()))
    unknown = {"id": "ch_x", "object": "charge", "amount_refunded": 40, "currency": "usd"}
    poison = filed("charge.refunded", unknown)

    waits = []
    for _ in range(EVENT_RETRIES.attempts_max + 2):
        process()
        poison.refresh_from_db()
        if poison.next_attempt_at is None:
            break
        waits.append((poison.next_attempt_at - clock()).total_seconds())
        clock.at = poison.next_attempt_at

    assert (poison.state, poison.attempts) == (EventState.DEAD, EVENT_RETRIES.attempts_max)
    assert (poison.error_class, poison.error) == ("GatewayUnknown", "no_answer")
    assert waits == sorted(waits)
    assert waits[:3] == [5, 10, 20]
    assert [a.kind for a in OperatorAlert.objects.all()] == ["event_dead"]
    assert Order.objects.get().state == OrderState.PAID
    assert RevenueEvent.objects.count() == 1


HUGE = 2**63
NEVER_FITS: list[tuple[str, dict[str, Any], str]] = [
    ("session", {"amount_total": HUGE}, "amount_total: more than can be booked"),
    ("session", {"amount_total": -1}, "amount_total: less than nothing"),
    ("session", {"amount_total": "100"}, "amount_total: not a whole number of minor units"),
    ("session", {"currency": "zzz"}, "currency: none that we know"),
    ("session", {"id": "cs_test_a/b"}, "id: no id of Stripe's"),
    ("session", {"payment_intent": "pi_\0"}, "payment_intent: no id of Stripe's"),
    ("session", {"customer_details": {"email": 7}}, "email: no text"),
    ("session", {"customer_details": {"email": "a@b.example", "name": ["A"]}}, "name: no text"),
    ("session", {"metadata": {"checkout_ref": 7}}, "checkout_ref: no text"),
    ("session", {"client_reference_id": True, "metadata": {}}, "client_reference_id: no text"),
    ("session", {"expires_at": 10**20}, "expires_at: no time between 1970 and 9999"),
    ("session", {"total_details": {"amount_tax": HUGE}}, "amount_tax: more than can be booked"),
    ("refund", {"id": ""}, "id: empty"),
    ("refund", {"amount": HUGE}, "amount: more than can be booked"),
    ("refund", {"created": None}, "created: missing"),
    (
        "refund",
        {"amount": 9_999},
        "amount: a refund of $99.99 USD, and $1.00 USD is left of the payment",
    ),
    ("dispute", {"reason": "frau\0dulent"}, "reason: no word of Stripe's"),
    ("dispute", {"id": ""}, "id: empty"),
    ("dispute", {"id": "prevented"}, "id: no id of Stripe's"),
    ("dispute", {"id": "Du_1"}, "id: no id of Stripe's"),
    ("refund", {"id": "succeeded"}, "id: no id of Stripe's"),
    ("refund", {"metadata": {"refund_ref": {}}}, "refund_ref: no text"),
    ("dispute", {"status": None}, "status: missing"),
    (
        "dispute",
        {"balance_transactions": [movement("txn_1", -HUGE)]},
        "amount: more than can be booked",
    ),
    # What is not looked at one by one, Postgres refuses, and its rule has a name.
    (
        "dispute",
        {"balance_transactions": [movement("txn_" + "t" * 246, -100)]},
        "StringDataRightTruncation",
    ),
    ("dispute", {"status": "x" * 200}, "status: no word of Stripe's"),
]


@pytest.mark.parametrize(("what", "changes", "words"), NEVER_FITS)
def test_what_can_never_be_recorded_is_said_once_at_once_with_its_field(
    process: Process, what: str, changes: dict[str, Any], words: str
) -> None:
    checkout = CheckoutFactory()
    if what == "session":
        filed("checkout.session.completed", session_object(checkout, **changes))
    else:
        filed("checkout.session.completed", session_object(checkout))
        make, type_ = {
            "refund": (refund_object, "refund.updated"),
            "dispute": (dispute_object, "charge.dispute.created"),
        }[what]
        filed(type_, make(checkout, **changes))

    event = process()[-1]

    assert (event.state, event.attempts, event.next_attempt_at) == (EventState.DEAD, 1, None)
    assert event.error.endswith(words)
    assert [alert.kind for alert in OperatorAlert.objects.all()] == ["event_dead"]
    assert WebhookAttempt.objects.filter(event=event).count() == 1


def test_what_the_timeline_cannot_hold_is_said_once_at_once(process: Process) -> None:
    checkout = CheckoutFactory(reference="no reference", deal=DealFactory(stage="checkout"))
    payment = {
        "id": "pi_1Declined", "object": "payment_intent", "livemode": False,
        "metadata": {"checkout_ref": checkout.reference},
        "last_payment_error": {"code": "card_declined", "charge": "ch_1Declined"},
    }  # fmt: skip
    filed("payment_intent.payment_failed", payment)

    (event,) = process()

    assert (event.state, event.attempts) == (EventState.DEAD, 1)
    assert event.error_class == "NotAReference"
    assert event.error == "checkout: no reference, and refs hold nothing else"


def caught(do: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as found, transaction.atomic():  # which, says the test
        do()
    return found.value


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (
            lambda: Order.objects.update(mode="test"),
            "RestrictViolation, the mode of a row never changes (revenue_order)",
        ),
        (
            lambda: Order.objects.update(deal_id=10**9),
            "ForeignKeyViolation, table revenue_order, rule ",
        ),
        (lambda: Money(1, "USD") - Money(1, "EUR"), "USD met EUR"),
        (lambda: Money.parse("1", currency="nowhere"), "in kernel.money."),
    ],
)
def test_what_lies_in_the_data_is_final_and_says_where(
    process: Process, do: Callable[[], object], words: str
) -> None:
    filed("checkout.session.completed", session_object(CheckoutFactory()))
    process()

    error = caught(do)

    assert will_fail_again(error)
    assert words_to_keep(error).startswith(words)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount_total": 90}, "amount_differs"),
        ({"currency": "eur"}, "currency_differs"),
    ],
)
def test_another_price_is_recorded_and_goes_to_a_person(
    process: Process, change: dict[str, Any], reason: str
) -> None:
    filed("checkout.session.completed", session_object(CheckoutFactory(), **change))

    (event,) = process()

    order = Order.objects.get()
    assert event.state == EventState.PROCESSED
    assert (order.state, order.review_reason) == (OrderState.NEEDS_REVIEW, reason)
    assert RevenueEvent.objects.get().amount == order.total
    assert [a.kind for a in OperatorAlert.objects.all()] == ["order_review"]
    assert not OrderIntake.objects.exists()
    assert not Deal.objects.filter(stage="won").exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Ada " * 100, ("Ada " * 75).strip()),
        ("Ada\0 Lovelace", "Ada Lovelace"),
        ("Ada \ud800Lovelace", "Ada Lovelace"),
        ("\0", ""),
        (None, ""),
        ("\u202eecalevoL adA\u202c\r\n\x1b[2J", "ecalevoL adA [2J"),
        ("می\u200cخواهم \U0001fae9", "می\u200cخواهم \U0001fae9"),
    ],
    ids=["long", "with NUL", "half a character", "nothing but NUL", "none", "turned", "kept"],
)
def test_a_paid_sale_never_fails_for_the_name_a_buyer_typed(
    process: Process, name: str | None, kept: str
) -> None:
    details = {"email": "ada@buyer.example", "name": name}
    paid = session_object(CheckoutFactory(), customer_details=details)
    filed("checkout.session.completed", paid)

    (event,) = process()

    order = Order.objects.get()
    assert (event.state, order.state) == (EventState.PROCESSED, OrderState.PAID)
    assert (order.buyer_name, order.buyer_email) == (kept, "ada@buyer.example")


@pytest.mark.parametrize(
    "email",
    ["a\0da@buyer.example", "a" * 400 + "@b.example", "a\udc00@b.cc", "a\u202e@b.example"],
    ids=["with NUL", "long", "half a character", "turned"],
)
def test_an_address_that_does_not_fit_is_nobodys_and_costs_no_sale(
    process: Process, email: str
) -> None:
    details = {"email": email, "name": "Ada Lovelace"}
    paid = session_object(CheckoutFactory(), customer_details=details)
    filed("checkout.session.completed", paid)

    (event,) = process()

    order = Order.objects.get()
    assert (event.state, order.state) == (EventState.PROCESSED, OrderState.PAID)
    assert order.buyer_email == ""  # what is left of it could be somebody else's


@pytest.mark.parametrize(
    "typed",
    ["my\0order", "\ud800", "x" * 5_000],
    ids=["with NUL", "half a character", "long"],
)
def test_what_a_buyer_adds_to_a_payment_links_address_costs_no_sale(
    process: Process, typed: str
) -> None:
    paid = session_object(CheckoutFactory(), metadata={}, client_reference_id=typed)
    filed("checkout.session.completed", paid)

    (event,) = process()

    assert (event.state, Order.objects.get().state) == (EventState.PROCESSED, OrderState.PAID)


def test_a_session_that_is_not_ours_is_recorded_and_goes_to_a_person(process: Process) -> None:
    foreign = session_object(
        CheckoutFactory.build(offer=None, stripe_id="cs_test_foreign00000"),
        client_reference_id="somebody-elses-42",
        metadata={},
    )
    filed("checkout.session.completed", foreign)

    process()

    order = Order.objects.get()
    assert (order.state, order.review_reason) == (OrderState.NEEDS_REVIEW, "unknown_session")
    assert CheckoutSession.objects.get().origin == "foreign"
    assert Posting.objects.get(account="assets:stripe").amount_minor == 100


def test_a_session_of_a_checkout_in_another_mode_is_foreign(process: Process) -> None:
    elsewhere = CheckoutFactory(mode="test", stripe_id=None, state="unknown")
    elsewhere.stripe_id = "cs_test_othermode000"
    filed("checkout.session.completed", session_object(elsewhere))

    process()

    order = Order.objects.get()
    assert (order.state, order.review_reason) == (OrderState.NEEDS_REVIEW, "foreign_mode")
    assert order.mode == "sandbox"
    elsewhere.refresh_from_db()
    assert elsewhere.state == "unknown"
