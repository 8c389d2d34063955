"""A refund at Stripe after one that was paid another way: booked, said, settled by a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from kernel import waiting_list
from kernel.money import Money
from kernel.references import new_reference
from ledger.models import LedgerEntry, Posting
from notices.models import OperatorAlert
from revenue.enums import ExcessSettledBy, PaidBy
from revenue.ledger_rows import ORDERS, PAIRS
from revenue.models import (
    CheckoutSession,
    ExcessSettlement,
    Order,
    RefundRequest,
    RevenueEvent,
    StripeWebhookEvent,
)
from revenue.usecases.record_paid_elsewhere import record_paid_elsewhere
from revenue.usecases.settle_excess import NotSettled, settle_excess
from tests.factories.orders import OrderFactory
from tests.factories.people import client_of, make_person
from tests.factories.revenue import CheckoutFactory, filed, refund_object, session_object

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], object]
Tell = Callable[..., Order]


@pytest.fixture
def owner() -> User:
    return make_person("owner")


@pytest.fixture
def sold(process: Process) -> CheckoutSession:
    """A sale of $1.00."""
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    process()
    return checkout


@pytest.fixture
def tell(sold: CheckoutSession, process: Process) -> Tell:
    """Tell what Stripe says of a refund, ``days`` after now."""

    def call(
        refund_id: str, status: str, amount: int, *, days: int = 0, begun: int | None = None
    ) -> Order:
        told_at = datetime.now(UTC) + timedelta(days=days)
        begun_at = datetime.now(UTC) + timedelta(days=days if begun is None else begun)
        kind = "refund.failed" if status == "failed" else "refund.updated"
        payload = refund_object(
            sold, id=refund_id, status=status, amount=amount, created=int(begun_at.timestamp())
        )
        filed(kind, payload, created=int(told_at.timestamp()))
        process()
        return Order.objects.get(checkout=sold)

    return call


def fail(tell: Tell, amount: int = 100) -> Order:
    """A refund that Stripe made on day 1 and that the buyer's bank gave back on day 2."""
    tell("re_1First0001", "succeeded", amount, days=1)
    return tell("re_1First0001", "failed", amount, days=2, begun=1)


def pay_elsewhere(order: Order, person: User, minor: int, **more: Any) -> None:
    facts = {
        "order_ref": order.reference,
        "record_ref": new_reference("rpe"),
        "amount": Money(minor, "USD"),
        "paid_by": PaidBy.BANK_TRANSFER,
        "reason": "the card was closed",
        "actor_id": person.pk,
        "now": datetime.now(UTC) + timedelta(days=3),
    }
    record_paid_elsewhere(**{**facts, **more})


def over_refund(tell: Tell, person: User, elsewhere: int) -> Order:
    """A failed refund, of which a part was paid another way; then all of it at Stripe."""
    pay_elsewhere(fail(tell), person, elsewhere)
    return tell("re_2Whole0001", "succeeded", 100, days=4)


def settle(
    order: Order, person: User, minor: int, settled_by: ExcessSettledBy, **more: Any
) -> ExcessSettlement:
    facts = {
        "order_ref": order.reference,
        "record_ref": new_reference("exs"),
        "amount": Money(minor, "USD"),
        "settled_by": settled_by,
        "reason": "told by telephone",
        "actor_id": person.pk,
        "now": datetime.now(UTC) + timedelta(days=5),
    }
    return settle_excess(**{**facts, **more})


def on_the_desk() -> list[tuple[str, str]]:
    return [
        (item.reference, str(item.amount)) for item in waiting_list.items() if item.what == "excess"
    ]


def ledger_differences() -> list[tuple[str, ...]]:
    """Return what the ledger's own comparisons with our rows find."""
    with connection.cursor() as cursor:
        found: list[tuple[str, ...]] = []
        for comparison in (ORDERS, PAIRS):
            cursor.execute(comparison)
            found += cursor.fetchall()
    return found


@pytest.mark.parametrize("elsewhere", [40, 100])
def test_a_refund_of_the_whole_charge_is_booked(tell: Tell, owner: User, elsewhere: int) -> None:
    order = over_refund(tell, owner, elsewhere)

    assert not StripeWebhookEvent.objects.filter(state="dead").exists()
    assert (order.state, order.refunded_minor) == ("refunded", 100 + elsewhere)
    assert order.excess_minor == elsewhere
    assert OperatorAlert.objects.get(kind="refund_excess").facts["amount_minor"] == elsewhere
    assert on_the_desk() == [(order.reference, str(Money(elsewhere, "USD")))]


def test_only_what_is_above_the_payment_is_over_refunded(tell: Tell, owner: User) -> None:
    pay_elsewhere(fail(tell, 30), owner, 30)

    order = tell("re_2Part00001", "succeeded", 30, days=4)

    assert (order.state, order.refunded_minor) == ("partially_refunded", 60)
    assert order.excess_minor == 0
    assert on_the_desk() == []


def test_a_refund_that_fails_after_it_takes_the_excess_away(tell: Tell, owner: User) -> None:
    over_refund(tell, owner, 40)

    order = tell("re_2Whole0001", "failed", 100, days=5, begun=4)

    assert (order.state, order.refunded_minor, order.excess_minor) == ("refund_owed", 40, 0)
    assert order.refund_owed_minor == 60
    assert OperatorAlert.objects.get(kind="refund_excess").closed_at is not None


def test_more_than_stripe_took_is_never_booked(tell: Tell, owner: User) -> None:
    over_refund(tell, owner, 40)

    order = tell("re_3Never0001", "succeeded", 101, days=5)

    assert order.refunded_minor == 140
    assert StripeWebhookEvent.objects.get(state="dead").error.startswith("amount: ")


def test_what_the_buyer_returned_is_booked_and_settles_it(tell: Tell, owner: User) -> None:
    order = over_refund(tell, owner, 40)

    settled = settle(order, owner, 40, ExcessSettledBy.CASH)

    order.refresh_from_db()
    assert (order.state, order.refunded_minor, order.excess_minor) == ("refunded", 100, 0)
    entry = LedgerEntry.objects.get(event="refund_returned_booked")
    legs = Posting.objects.filter(entry=entry).values_list("account", "amount_minor")
    assert dict(legs) == {"assets:cash": 40, "expenses:refunds": -40}
    audit = LedgerEntry.objects.get(event="refund.excess_settled")
    assert (audit.refs, audit.facts["actor"]) == ([settled.reference], f"user:{owner.pk}")
    assert OperatorAlert.objects.get(kind="refund_excess").closed_at is not None
    assert on_the_desk() == []
    assert ledger_differences() == []


def test_what_is_written_off_books_nothing_and_settles_it(tell: Tell, owner: User) -> None:
    order = over_refund(tell, owner, 40)

    settle(order, owner, 15, ExcessSettledBy.CASH)
    settle(order, owner, 25, ExcessSettledBy.WRITTEN_OFF)

    order.refresh_from_db()
    assert (order.refunded_minor, order.excess_minor) == (125, 0)
    assert RevenueEvent.objects.get(kind="refund_returned").amount_minor == 15
    assert on_the_desk() == []
    assert ledger_differences() == []


def test_pressing_twice_settles_once_and_never_more_than_the_excess(
    tell: Tell, owner: User
) -> None:
    order = over_refund(tell, owner, 40)
    once = new_reference("exs")

    first = settle(order, owner, 30, ExcessSettledBy.CASH, record_ref=once)
    again = settle(order, owner, 30, ExcessSettledBy.CASH, record_ref=once)

    assert first == again
    with pytest.raises(NotSettled, match=r"up to \$0.10 USD"):
        settle(order, owner, 11, ExcessSettledBy.WRITTEN_OFF)
    assert ExcessSettlement.objects.count() == 1


@pytest.mark.parametrize("said", [0, 20, 35])
def test_an_order_that_says_another_excess_than_follows_is_found(
    tell: Tell, owner: User, said: int
) -> None:
    order = over_refund(tell, owner, 40)
    settle(order, owner, 5, ExcessSettledBy.CASH)
    settle(order, owner, 10, ExcessSettledBy.WRITTEN_OFF)
    assert ledger_differences() == []

    Order.objects.filter(pk=order.pk).update(excess_minor=said)

    words = f"it says that {said} USD was refunded above the payment and not settled"
    [(_code, what, says)] = ledger_differences()
    assert (what, says) == (order.reference, f"{words}, its refunds and settlements 25")


def test_a_form_of_another_order_settles_nothing(tell: Tell, owner: User) -> None:
    order = over_refund(tell, owner, 40)
    other = OrderFactory(amount_minor=100, tax_minor=0, refunded_minor=140, excess_minor=40)
    once = new_reference("exs")
    settle(order, owner, 30, ExcessSettledBy.CASH, record_ref=once)

    with pytest.raises(NotSettled, match="belongs to another order"):
        settle(other, owner, 30, ExcessSettledBy.CASH, record_ref=once)


def test_the_page_asks_says_it_once_more_and_records(tell: Tell, owner: User) -> None:
    order = over_refund(tell, owner, 40)
    browser = client_of(owner, is_fresh=True)
    address = f"/console/orders/{order.reference}/excess/"
    typed = {
        "amount": "0.40", "settled_by": "written_off", "reason": "not worth the bank's fee",
        "record_ref": new_reference("exs"),
    }  # fmt: skip

    page = browser.get(f"/console/orders/{order.reference}/").content.decode()
    assert "Over-refunded: $0.40 USD." in page
    assert address in page
    assert order.reference in browser.get("/console/refunds/?standing=excess").content.decode()
    assert "over-refunded" in browser.get("/console/").content.decode()
    assert browser.post(address, {**typed, "amount": "0.41"}).status_code == 400
    look = browser.post(address, typed).content.decode()
    assert "Write off $0.40 USD?" in look
    assert not ExcessSettlement.objects.exists()

    done = browser.post(address, {**typed, "confirmed": "1"}, follow=True).content.decode()

    assert "Recorded: $0.40 USD written off." in done
    assert "Over-refunded:" not in done


def test_a_retry_at_stripe_that_fails_is_the_same_debt(tell: Tell) -> None:
    fail(tell, 30)
    tell("re_2Again0001", "pending", 30, days=3)

    order = tell("re_2Again0001", "failed", 30, days=4, begun=3)

    assert order.refund_owed_minor == 30


def test_a_refund_asked_for_before_the_failure_was_told_here_pays_it_back(
    tell: Tell, sold: CheckoutSession, owner: User
) -> None:
    """An owner who saw the failure at Stripe asks again before its event is here."""
    order = tell("re_1First0001", "succeeded", 30, days=1)
    RefundRequest.objects.create(
        reference=new_reference("rfq"),
        mode=order.mode,
        order=order,
        amount_minor=30,
        currency="USD",
        requested_by=owner,
        requested_at=datetime.now(UTC) + timedelta(days=3),
        stripe_id="re_2Again0001",
        state="requested",
    )
    tell("re_2Again0001", "succeeded", 30, days=3)

    order = tell("re_1First0001", "failed", 30, days=2, begun=1)

    assert (order.state, order.refund_owed_minor) == ("partially_refunded", 0)


def test_nothing_is_settled_by_a_made_up_form_or_where_nothing_is_too_much(
    tell: Tell, owner: User
) -> None:
    order = over_refund(tell, owner, 40)
    fine = OrderFactory(amount_minor=100, tax_minor=0)

    with pytest.raises(NotSettled, match="not one of ours"):
        settle(order, owner, 10, ExcessSettledBy.CASH, record_ref="made-up")
    with pytest.raises(NotSettled, match="No more was refunded than was paid"):
        settle(fine, owner, 10, ExcessSettledBy.CASH)

    assert not ExcessSettlement.objects.exists()
