"""A refund that failed is owed until the buyer has got it: try again, or paid another way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client

from fulfillment.models import OrderIntake
from kernel import waiting_list
from kernel.money import Money
from kernel.references import new_reference
from ledger.models import LedgerEntry, Posting
from notices.models import OperatorAlert
from notices.usecases.tend_alert import NotTended, dismiss_alert
from revenue.enums import OrderState, PaidBy
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    Order,
    Refund,
    RefundPaidElsewhere,
    RefundRequest,
    RevenueEvent,
)
from revenue.policy import RefundStep, refund_debt
from revenue.queries.books import booked_since
from revenue.queries.order_page import order_page
from revenue.usecases.record_paid_elsewhere import NotOwed, record_paid_elsewhere
from tests.conftest import NOON
from tests.factories.orders import OrderFactory
from tests.factories.people import client_of, make_person
from tests.factories.revenue import CheckoutFactory, filed, refund_object, session_object
from tests.revenue.refunds.conftest import Ask

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], object]
USD = "usd"


@pytest.fixture
def sold(process: Process) -> CheckoutSession:
    """A sale of $1.00."""
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    process()
    return checkout


def tell(sold: CheckoutSession, process: Process, refund_id: str, status: str, **more: Any) -> None:
    kind = "refund.failed" if status == "failed" else "refund.updated"
    filed(kind, refund_object(sold, id=refund_id, status=status, **{"amount": 100, **more}))
    process()


def fail(
    sold: CheckoutSession, process: Process, refund_id: str = "re_1Owed0001", **more: Any
) -> Order:
    """A refund that Stripe made and that the buyer's bank gave back."""
    tell(sold, process, refund_id, "succeeded", **more)
    tell(sold, process, refund_id, "failed", **more)
    return Order.objects.get(checkout=sold)


def record(order: Order, person: User, minor: int = 100, **more: Any) -> RefundPaidElsewhere:
    facts = {
        "order_ref": order.reference,
        "record_ref": new_reference("rpe"),
        "amount": Money(minor, "USD"),
        "paid_by": PaidBy.BANK_TRANSFER,
        "reason": "the card was closed",
        "actor_id": person.pk,
        "now": datetime.now(UTC),
    }
    return record_paid_elsewhere(**{**facts, **more})


def owed_on_the_desk() -> list[tuple[str, str]]:
    return [
        (item.reference, str(item.amount)) for item in waiting_list.items() if item.what == "owed"
    ]


@pytest.mark.parametrize("booked_first", [True, False])
def test_it_is_owed_on_the_order_the_list_and_the_dashboard(
    sold: CheckoutSession, process: Process, owner: User, booked_first: bool
) -> None:
    if booked_first:
        tell(sold, process, "re_1Owed0001", "succeeded")
    tell(sold, process, "re_1Owed0001", "failed")
    order = Order.objects.get()

    assert (order.state, order.refund_owed_minor) == (OrderState.REFUND_OWED, 100)
    assert owed_on_the_desk() == [(order.reference, "$1.00 USD")]
    assert OrderIntake.objects.get().frozen_reason == "refund"  # nothing of the payment is left
    browser = client_of(owner)
    page = browser.get(f"/console/orders/{order.reference}/").content.decode()
    assert "Refund owed: $1.00 USD." in page
    assert f"/console/orders/{order.reference}/refund/?owed=1" in page
    assert f"/console/orders/{order.reference}/paid-elsewhere/" in page
    for address in (
        "/console/orders/?state=refund_owed",
        "/console/refunds/?standing=owed",
        "/console/",
    ):
        assert order.reference in browser.get(address).content.decode()
    assert "refunded" not in OrderIntake.objects.get().get_frozen_reason_display()
    detail = browser.get("/console/refunds/re_1Owed0001/").content.decode()
    assert "$1.00 USD is owed to the buyer" in detail
    assert 'name="words"' in detail


def test_a_part_that_is_owed_lets_the_work_go_on(sold: CheckoutSession, process: Process) -> None:
    order = fail(sold, process, amount=30)

    assert (order.state, order.refund_owed_minor) == (OrderState.REFUND_OWED, 30)
    assert OrderIntake.objects.get().frozen_reason == ""


def test_nobody_takes_it_off_the_desk(sold: CheckoutSession, process: Process, owner: User) -> None:
    order = fail(sold, process)
    alert = OperatorAlert.objects.get(kind="refund_failed")

    with pytest.raises(NotTended, match="owed this refund"):
        dismiss_alert(alert_ref=alert.reference, actor_id=owner.pk, now=NOON)

    record(order, owner)
    alert.refresh_from_db()
    assert alert.closed_at is not None
    assert waiting_list.items() == []


def test_paid_another_way_is_booked_told_and_settles_the_order(
    sold: CheckoutSession, process: Process, owner: User
) -> None:
    order = fail(sold, process)

    paid = record(order, owner, reason="IBAN from the buyer's mail")

    order.refresh_from_db()
    assert (order.state, order.refunded_minor, order.refund_owed_minor) == ("refunded", 100, 0)
    fact = RevenueEvent.objects.get(kind="refund_elsewhere")
    assert (fact.amount_minor, fact.source) == (-100, "decision")
    entry = LedgerEntry.objects.get(event="refund_elsewhere_booked")
    legs = Posting.objects.filter(entry=entry).values_list("account", "amount_minor")
    assert dict(legs) == {"assets:bank": -100, "expenses:refunds": 100}
    audit = LedgerEntry.objects.get(event="refund.paid_elsewhere")
    assert audit.facts["actor"] == f"user:{owner.pk}"
    assert "IBAN" not in str(audit.facts) + str(entry.facts)
    mail = BuyerMail.objects.get(kind="refund_elsewhere")
    assert (mail.amount_minor, mail.dedupe_key) == (100, paid.reference)
    assert not any(m.object_id == paid.reference for m in booked_since(NOON, mode="sandbox"))


def test_pressing_twice_records_once(sold: CheckoutSession, process: Process, owner: User) -> None:
    order = fail(sold, process)
    once = new_reference("rpe")

    first, again = (record(order, owner, record_ref=once) for _ in range(2))

    assert first == again
    assert RevenueEvent.objects.filter(kind="refund_elsewhere").count() == 1


def test_a_form_of_another_order_records_nothing(
    sold: CheckoutSession, process: Process, owner: User
) -> None:
    other = OrderFactory(refund_owed_minor=100)
    once = new_reference("rpe")
    record(fail(sold, process), owner, record_ref=once)

    with pytest.raises(NotOwed, match="belongs to another order"):
        record(other, owner, record_ref=once)


def test_a_part_paid_leaves_the_rest_owed(
    sold: CheckoutSession, process: Process, owner: User
) -> None:
    order = fail(sold, process)

    record(order, owner, 40)

    order.refresh_from_db()
    assert (order.state, order.refund_owed_minor) == (OrderState.REFUND_OWED, 60)
    with pytest.raises(NotOwed, match=r"up to \$0.60 USD"):
        record(order, owner, 61)


def test_nothing_is_recorded_where_nothing_is_owed(
    sold: CheckoutSession, process: Process, owner: User
) -> None:
    order = Order.objects.get()
    with pytest.raises(NotOwed, match="Nothing is owed"):
        record(order, owner)

    fail(sold, process)
    tell(sold, process, "re_2Owed0001", "pending")
    with pytest.raises(NotOwed, match="on its way"):
        record(order, owner)
    assert not RefundPaidElsewhere.objects.exists()


def test_a_second_refund_that_arrives_settles_it(sold: CheckoutSession, process: Process) -> None:
    fail(sold, process, amount=30)

    later = int((datetime.now(UTC) + timedelta(days=1)).timestamp())
    tell(sold, process, "re_2Owed0001", "succeeded", amount=30, created=later)

    order = Order.objects.get()
    assert (order.state, order.refund_owed_minor) == ("partially_refunded", 0)


def test_trying_again_is_a_new_refund_and_its_failure_is_owed_once(
    ask: Ask, paid_order: Order, owner: User, process: Process
) -> None:
    first = ask(3_000)
    end(first, "failed", process)
    paid_order.refresh_from_db()
    assert (paid_order.state, paid_order.refund_owed_minor) == (OrderState.REFUND_OWED, 3_000)
    browser = client_of(owner, is_fresh=True)
    page = browser.get(f"/console/orders/{paid_order.reference}/refund/?owed=1")
    assert 'value="30.00"' in page.content.decode()

    second = ask(3_000)

    assert (first.is_retry, second.is_retry) == (False, True)
    assert first.reference != second.reference
    assert first.stripe_id != second.stripe_id
    end(second, "failed", process)
    paid_order.refresh_from_db()
    assert paid_order.refund_owed_minor == 3_000

    third = ask(3_000)
    end(third, "succeeded", process)
    paid_order.refresh_from_db()
    assert (paid_order.state, paid_order.refund_owed_minor) == ("partially_refunded", 0)


def end(asked: RefundRequest, status: str, process: Process) -> None:
    order = asked.order
    payload = refund_object(
        order.checkout, id=asked.stripe_id, status=status, amount=asked.amount_minor,
        payment_intent=order.payment_intent_id, charge=None,
        created=int(datetime.now(UTC).timestamp()),
    )  # fmt: skip
    filed("refund.failed" if status == "failed" else "refund.updated", payload)
    process()
    assert Refund.objects.get(stripe_id=asked.stripe_id).status == status


@pytest.mark.parametrize(
    ("steps", "owed"),
    [
        ([("failed", 30, False)], 30),
        ([("failed", 30, False), ("failed", 20, False)], 50),
        ([("failed", 30, False), ("failed", 30, True)], 30),
        ([("failed", 30, False), ("failed", 100, True)], 100),
        ([("failed", 30, False), ("returned", 30, True)], 0),
        ([("returned", 30, False), ("failed", 30, False)], 30),
        ([("failed", 30, False), ("returned", 10, False), ("failed", 20, True)], 20),
    ],
)
def test_what_is_owed_follows_from_what_failed_and_what_arrived(
    steps: list[tuple[str, int, bool]], owed: int
) -> None:
    made = [
        RefundStep(
            at=NOON + timedelta(days=day),
            failed_minor=minor if what == "failed" else 0,
            returned_minor=minor if what == "returned" else 0,
            is_retry=is_retry,
        )
        for day, (what, minor, is_retry) in enumerate(steps)
    ]

    assert refund_debt(reversed(made)) == owed


@pytest.fixture
def browser(owner: User) -> Client:
    return client_of(owner, is_fresh=True)


def test_the_page_asks_says_it_once_more_and_records(
    sold: CheckoutSession, process: Process, browser: Client
) -> None:
    order = fail(sold, process)
    address = f"/console/orders/{order.reference}/paid-elsewhere/"
    typed = {
        "amount": "1.00", "paid_by": "cash", "reason": "met in person",
        "record_ref": new_reference("rpe"),
    }  # fmt: skip

    asked = browser.get(address).content.decode()
    too_much = browser.post(address, {**typed, "amount": "1.01"})
    look = browser.post(address, typed)

    assert "Record a refund as paid another way" in asked
    assert too_much.status_code == 400
    assert "Did the buyer get $1.00 USD in cash?" in look.content.decode()
    assert not RefundPaidElsewhere.objects.exists()

    done = browser.post(address, {**typed, "confirmed": "1"}, follow=True).content.decode()

    assert "Recorded: $1.00 USD paid in cash." in done
    assert RefundPaidElsewhere.objects.get().paid_by == "cash"
    assert "met in person" in done


def test_only_owners_record_it(sold: CheckoutSession, process: Process) -> None:
    order = fail(sold, process)
    operator = client_of(make_person("operator"))
    address = f"/console/orders/{order.reference}/paid-elsewhere/"

    assert operator.get(address).status_code == 403
    page = operator.get(f"/console/orders/{order.reference}/").content.decode()
    assert "An owner can try again" in page
    assert address not in page


def test_a_note_is_written_on_the_refunds_page(
    sold: CheckoutSession, process: Process, browser: Client
) -> None:
    order = fail(sold, process)
    typed = {"words": "The buyer sends an IBAN.", "about": "re_1Owed0001"}

    answer = browser.post(f"/console/orders/{order.reference}/note/", typed)

    assert answer["Location"] == "/console/refunds/re_1Owed0001/"
    assert "The buyer sends an IBAN." in browser.get(answer["Location"]).content.decode()


def test_the_list_of_refunds_is_narrowed_and_names_what_stripe_never_made(
    sold: CheckoutSession, process: Process, owner: User, browser: Client
) -> None:
    order = fail(sold, process)
    RefundRequest.objects.create(
        reference="rfq_refused00", mode=order.mode, order=order, state="refused", amount_minor=5,
        currency="USD", requested_by=owner, requested_at=NOON,
    )  # fmt: skip

    listed = browser.get("/console/refunds/").content.decode()

    assert "re_1Owed0001" in listed
    assert "rfq_refused00" in listed
    undone = browser.get("/console/refunds/?standing=undone").content.decode()
    assert ("re_1Owed0001" in undone, "rfq_refused00" in undone) == (True, False)
    returned = browser.get("/console/refunds/?standing=returned").content.decode()
    assert "No refunds match these filters." in returned


def test_the_buyers_page_says_how_a_refund_was_paid(
    sold: CheckoutSession, process: Process, owner: User
) -> None:
    order = fail(sold, process)
    record(order, owner)
    order.refresh_from_db()
    found = order_page(order)

    page = render_to_string("revenue/parts/order_state.html", {"order": order, "page": found})
    amounts = render_to_string("revenue/parts/amounts.html", {"order": order, "page": found})

    assert "the way you paid" not in page
    assert "by bank transfer" in amounts


def test_a_made_up_form_records_nothing(
    sold: CheckoutSession, process: Process, owner: User
) -> None:
    order = fail(sold, process)

    with pytest.raises(NotOwed, match="not one of ours"):
        record(order, owner, record_ref="made-up")

    assert not RefundPaidElsewhere.objects.exists()
