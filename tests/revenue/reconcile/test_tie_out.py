"""Every difference between the books is named, and nothing else is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel.money import Money
from kernel.references import new_reference
from notices.models import OperatorAlert
from revenue.enums import AlertKind, OrderState, RevenueKind
from revenue.models import Order, RevenueEvent
from revenue.operations.differences import tell_differences
from revenue.ports import BalanceLine
from revenue.queries.tie_out import (
    SETTLING,
    SLACK,
    Difference,
    TieOutResult,
    as_row,
    half_seen,
    missing_from_our_books,
    tie_out,
)
from tests.factories.orders import OrderFactory

pytestmark = pytest.mark.django_db
PAYMENT = "pi_test_1"


@pytest.fixture
def noon(now: datetime) -> datetime:
    """Noon of the day before: long settled."""
    return now - timedelta(days=1)


@pytest.fixture
def order() -> Order:
    return OrderFactory(payment_intent_id=PAYMENT, amount_minor=10_000)


def ours(order: Order, minor: int, *, at: datetime, **more: Any) -> RevenueEvent:
    """One row of our books."""
    kind = more.pop("kind", RevenueKind.PAYMENT)
    return RevenueEvent.objects.create(
        reference=new_reference("rev"),
        mode=order.mode,
        order=order,
        kind=kind,
        amount_minor=minor,
        currency=more.pop("currency", "USD"),
        fact_key=new_reference("key"),
        stripe_object_id=more.pop("object_id", PAYMENT),
        source="delivery",
        trace_ref=order.trace_ref,
        occurred_at=at,
        recorded_at=at,
    )


def theirs(minor: int, *, at: datetime, **changes: Any) -> BalanceLine:
    """One line of Stripe's."""
    currency = changes.pop("currency", "USD")
    fields: dict[str, Any] = {
        "transaction_id": "txn_1",
        "type": "charge",
        "category": "charge",
        "source_id": "ch_1",
        "payment_intent_id": PAYMENT,
        "charge_id": "ch_1",
        "amount": Money(minor, currency),
        "presented": Money(minor, currency),
        "fee": Money(0, currency),
        "occurred_at": at,
    }
    return BalanceLine(**fields | changes)


def compare(*lines: BalanceLine, now: datetime, days: int = 2) -> TieOutResult:
    since = now.replace(hour=0, minute=0) - timedelta(days=days)
    return tie_out(lines, mode="sandbox", since=since, now=now)


def test_the_same_money_on_both_sides_is_no_difference(
    order: Order, noon: datetime, now: datetime
) -> None:
    ours(order, 10_000, at=noon)
    found = compare(theirs(10_000, at=noon), now=now)
    assert found.differences == []
    assert found.days == [
        {
            "day": f"{noon:%Y-%m-%d}",
            "currency": "USD",
            "kind": "payments",
            "ours_minor": 10_000,
            "theirs_minor": 10_000,
            "because": "",
        }
    ]


def test_a_day_says_why_its_totals_differ(order: Order, noon: datetime, now: datetime) -> None:
    """What counts outweighs what the bank holds, and that what is only young."""
    young = now - SETTLING + timedelta(seconds=1)
    OrderFactory(payment_intent_id="pi_bank", state=OrderState.AWAITING_PAYMENT)
    settling = theirs(100, at=young, payment_intent_id="pi_young", transaction_id="txn_1")
    at_bank = theirs(200, at=young, payment_intent_id="pi_bank", transaction_id="txn_2")
    old = theirs(300, at=noon, payment_intent_id="pi_old", transaction_id="txn_3")
    due = theirs(400, at=now - SETTLING, payment_intent_id="pi_due", transaction_id="txn_4")

    def why(*lines: BalanceLine) -> list[str]:
        return [row["because"] for row in compare(*lines, now=now).days]

    assert why(settling) == ["young"]
    assert why(settling, at_bank) == ["under_way"]
    assert why(settling, at_bank, due) == ["differs"]
    assert why(settling, old) == ["young", "differs"]  # a day each, newest first


def test_what_only_we_have_is_named_with_its_order(
    order: Order, noon: datetime, now: datetime
) -> None:
    booked = ours(order, 10_000, at=noon)
    assert compare(now=now).differences == [
        Difference(
            kind="payments",
            day=f"{noon:%Y-%m-%d}",
            currency="USD",
            object_id=PAYMENT,
            order_ref=order.reference,
            ours_minor=10_000,
            theirs_minor=0,
            ids=(booked.reference,),
        )
    ]


def test_what_only_stripe_has_is_named(noon: datetime, now: datetime) -> None:
    [difference] = compare(theirs(10_000, at=noon), now=now).differences
    assert (difference.object_id, difference.order_ref) == (PAYMENT, "")
    assert (difference.ours_minor, difference.theirs_minor) == (0, 10_000)
    assert difference.ids == ("txn_1",)


def test_another_amount_names_both_rows(order: Order, noon: datetime, now: datetime) -> None:
    booked = ours(order, 10_000, at=noon)
    [difference] = compare(theirs(9_999, at=noon), now=now).differences
    assert (difference.ours_minor, difference.theirs_minor) == (10_000, 9_999)
    assert difference.ids == tuple(sorted([booked.reference, "txn_1"]))


def test_two_mistakes_that_cancel_out_are_two_differences(
    order: Order, noon: datetime, now: datetime
) -> None:
    """The day's totals agree, and still two payments are wrong."""
    ours(order, 10_000, at=noon)
    other = theirs(10_000, at=noon, payment_intent_id="pi_other", transaction_id="txn_2")
    found = compare(other, now=now)
    assert {each.object_id for each in found.differences} == {PAYMENT, "pi_other"}


def test_a_webhook_after_midnight_is_no_difference(
    order: Order, noon: datetime, now: datetime
) -> None:
    late = noon.replace(hour=23, minute=59)
    ours(order, 10_000, at=late + timedelta(minutes=2))
    found = compare(theirs(10_000, at=late), now=now)
    assert found.differences == []
    assert [row["day"] for row in found.days] == [f"{noon:%Y-%m-%d}"]


def test_at_the_edge_of_the_window_one_side_alone_is_no_difference(
    order: Order, now: datetime
) -> None:
    since = now.replace(hour=0, minute=0) - timedelta(days=2)
    ours(order, 10_000, at=since - timedelta(seconds=1))
    assert compare(now=now).differences == []
    ours(OrderFactory(payment_intent_id="pi_2"), 500, at=since, object_id="pi_2")
    assert [each.object_id for each in compare(now=now).differences] == ["pi_2"]


def test_over_the_edge_both_sides_are_seen(order: Order, now: datetime) -> None:
    since = now.replace(hour=0, minute=0) - timedelta(days=2)
    ours(order, 10_000, at=since + timedelta(seconds=1))
    line = theirs(10_000, at=since - SLACK + timedelta(minutes=1))
    assert compare(line, now=now).differences == []


@pytest.mark.parametrize(("stripes", "differs"), [(-500, False), (-400, True)])
def test_all_of_an_object_is_compared_with_all_of_it(
    order: Order, noon: datetime, now: datetime, stripes: int, *, differs: bool
) -> None:
    """A refund whose line is older than the window, booked when the bank answered."""
    since = now.replace(hour=0, minute=0) - timedelta(days=2)
    window = {"mode": "sandbox", "since": since, "now": now}
    ours(order, -500, at=noon, kind=RevenueKind.REFUND, object_id="re_1")
    old = theirs(stripes, at=noon - timedelta(days=9), category="refund", source_id="re_1")
    assert half_seen([], **window) == ["re_1"]
    found = tie_out([old], whole={"re_1"}, **window).differences
    assert [(each.ours_minor, each.theirs_minor) for each in found] == (
        [(-500, -400)] if differs else []
    )


def test_what_we_booked_before_the_window_counts_for_an_object_seen_whole(
    order: Order, noon: datetime, now: datetime
) -> None:
    since = now.replace(hour=0, minute=0) - timedelta(days=2)
    ours(order, 10_000, at=noon - timedelta(days=9))
    line = theirs(10_000, at=noon)
    assert half_seen([line], mode="sandbox", since=since, now=now) == [PAYMENT]
    assert tie_out([line], mode="sandbox", since=since, now=now, whole={PAYMENT}).differences == []


@pytest.mark.parametrize("object_id", ["pi_bank", "dp_1", "txn_1"])
def test_nobody_asks_for_old_lines_of_what_has_none(
    noon: datetime, now: datetime, object_id: str
) -> None:
    """The bank has not answered; a dispute is booked line by line, and so are fees."""
    OrderFactory(payment_intent_id="pi_bank", state=OrderState.AWAITING_PAYMENT)
    lines = {
        "pi_bank": theirs(100, at=noon, payment_intent_id="pi_bank"),
        "dp_1": theirs(-100, at=noon, category="dispute", source_id="dp_1"),
        "txn_1": theirs(0, at=noon, fee=Money(320, "USD")),
    }
    since = now.replace(hour=0, minute=0) - timedelta(days=2)
    assert half_seen([lines[object_id]], mode="sandbox", since=since, now=now) == []


def test_what_is_minutes_old_may_still_be_on_its_way(now: datetime) -> None:
    young = theirs(10_000, at=now - SETTLING + timedelta(seconds=1))
    assert compare(young, now=now).differences == []
    assert len(compare(young, now=now + timedelta(seconds=2)).differences) == 1


def test_each_currency_is_compared_with_itself(order: Order, noon: datetime, now: datetime) -> None:
    ours(order, 10_000, at=noon)
    found = compare(theirs(10_000, at=noon, currency="EUR"), now=now)
    assert {(each.currency, each.ours_minor, each.theirs_minor) for each in found.differences} == {
        ("USD", 10_000, 0),
        ("EUR", 0, 10_000),
    }


def test_a_converted_payment_is_compared_in_the_buyers_currency(
    noon: datetime, now: datetime
) -> None:
    order = OrderFactory(payment_intent_id=PAYMENT, currency="EUR", amount_minor=10_000)
    ours(order, 10_000, at=noon, currency="EUR")
    ours(order, -310, at=noon, kind=RevenueKind.FEE, object_id="txn_1")
    line = theirs(10_870, at=noon, presented=Money(10_000, "EUR"), fee=Money(310, "USD"))
    found = compare(line, now=now)
    assert found.differences == []
    assert [(row["kind"], row["currency"], row["theirs_minor"]) for row in found.days] == [
        ("fees", "USD", -310),
        ("payments", "EUR", 10_000),
    ]


def test_a_fee_that_nobody_booked_is_named_by_its_transaction(
    order: Order, noon: datetime, now: datetime
) -> None:
    ours(order, 10_000, at=noon)
    line = theirs(10_000, at=noon, fee=Money(320, "USD"))
    [difference] = compare(line, now=now).differences
    assert (difference.kind, difference.object_id) == ("fees", "txn_1")
    assert (difference.ours_minor, difference.theirs_minor) == (0, -320)


def test_a_bank_payment_that_came_and_went_is_nothing(noon: datetime, now: datetime) -> None:
    came = theirs(10_000, at=noon)
    went = theirs(-10_000, at=noon, category="charge_failure", transaction_id="txn_2")
    assert compare(came, went, now=now).differences == []


def test_a_refund_and_its_failure_are_nothing_even_if_we_booked_neither(
    noon: datetime, now: datetime
) -> None:
    lines = [
        theirs(minor, at=noon, category=category, source_id="re_1", transaction_id=f"txn_{minor}")
        for minor, category in [(-500, "refund"), (500, "refund_failure")]
    ]
    assert compare(*lines, now=now).differences == []


def test_a_payment_that_a_bank_still_processes_is_told_not_named(
    noon: datetime, now: datetime
) -> None:
    OrderFactory(payment_intent_id=PAYMENT, state=OrderState.AWAITING_PAYMENT)
    found = compare(theirs(10_000, at=noon), now=now)
    assert found.differences == []
    assert [(row["what"], row["object_id"]) for row in found.listed] == [("under_way", "ch_1")]


def test_what_is_neither_sale_nor_refund_is_listed(noon: datetime, now: datetime) -> None:
    lines = [
        theirs(-9_000, at=noon, category=category, source_id=source, payment_intent_id="")
        for category, source in [("payout", "po_1"), ("other_adjustment", "adj_1"), ("fee", "fee")]
    ]
    found = compare(*lines, now=now)
    assert found.differences == []
    assert sorted(row["what"] for row in found.listed) == ["fee", "other_adjustment", "payout"]
    assert found.days == []


def test_another_modes_books_are_not_in_this_comparison(noon: datetime, now: datetime) -> None:
    order = OrderFactory(mode="test", payment_intent_id="pi_2")
    ours(order, 10_000, at=noon, object_id="pi_2")
    assert compare(now=now).differences == []


def test_what_is_missing_is_asked_for_by_its_object_and_fees_are_not(
    order: Order, noon: datetime, now: datetime
) -> None:
    ours(order, 10_000, at=noon)
    lines = [
        theirs(10_000, at=noon, fee=Money(320, "USD")),
        theirs(-500, at=noon, category="refund", source_id="re_1", transaction_id="txn_2"),
        theirs(700, at=noon, payment_intent_id="pi_2", transaction_id="txn_3"),
    ]
    since = now.replace(hour=0, minute=0) - timedelta(days=2)
    missing = missing_from_our_books(lines, mode="sandbox", since=since, now=now)
    assert {(each.book, each.object_id) for each in missing} == {
        ("refunds", "re_1"),
        ("payments", "pi_2"),
    }


def tell(*differences: Difference, now: datetime) -> int:
    return tell_differences(
        {each.item: as_row(each) for each in differences},
        mode="sandbox",
        since=now.date() - timedelta(days=2),
        now=now,
    )


def alerts() -> list[tuple[str, bool]]:
    raised = OperatorAlert.objects.filter(kind=AlertKind.RECONCILE_DIFFERENCE).order_by("id")
    return [(alert.item, alert.closed_at is None) for alert in raised]


def test_a_difference_is_told_once_and_closed_when_it_is_gone(
    order: Order, noon: datetime, now: datetime
) -> None:
    ours(order, 10_000, at=noon)
    [difference] = compare(now=now).differences
    tell(difference, now=now)
    tell(difference, now=now)
    assert alerts() == [(difference.item, True)]
    alert = OperatorAlert.objects.get()
    assert (alert.subject, alert.facts["amount_minor"]) == (order.reference, -10_000)
    assert tell(now=now) == 1
    assert alerts() == [(difference.item, False)]


def test_a_difference_that_changes_is_told_again(
    order: Order, noon: datetime, now: datetime
) -> None:
    ours(order, 10_000, at=noon)
    [first] = compare(now=now).differences
    [second] = compare(theirs(1, at=noon), now=now).differences
    tell(first, now=now)
    tell(second, now=now)
    assert alerts() == [(first.item, False), (second.item, True)]


def test_a_difference_older_than_the_window_stays_open(
    order: Order, noon: datetime, now: datetime
) -> None:
    ours(order, 10_000, at=noon)
    [difference] = compare(now=now).differences
    tell(difference, now=now)
    assert tell(now=now + timedelta(days=30)) == 0
    assert alerts() == [(difference.item, True)]
