"""The dashboard's money: by mode and currency, thirty days, remembered and read anew."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from console.queries.remembered import daily_totals
from kernel.money import Money
from kernel.references import new_reference
from revenue import queries as revenue
from revenue.models import (
    Order,
    RevenueEvent,
)
from tests.conftest import NOON
from tests.console.conftest import board, dashboard_page
from tests.factories.orders import OrderFactory

pytestmark = pytest.mark.django_db(transaction=True)


def booked(order: Order, minor: int, *, kind: str = "payment", at: datetime = NOON) -> None:
    reference = new_reference("rev")
    RevenueEvent.objects.create(
        reference=reference, mode=order.mode, order=order, kind=kind, amount_minor=minor,
        currency=order.currency, fact_key=reference, stripe_object_id=reference,
        source="delivery", trace_ref=order.trace_ref, occurred_at=at, recorded_at=at,
    )  # fmt: skip


def test_modes_and_currencies_are_never_mixed() -> None:
    for mode, currency, minor in (
        ("sandbox", "USD", 100), ("sandbox", "USD", 200), ("sandbox", "EUR", 700),
        ("sample", "USD", 5_000), ("test", "USD", 30),
    ):  # fmt: skip
        booked(OrderFactory(mode=mode, currency=currency), minor)

    assert [(card.mode, card.received, card.payments) for card in board().money] == [
        ("sandbox", Money(300, "USD"), 2),
        ("sandbox", Money(700, "EUR"), 1),
        ("test", Money(30, "USD"), 1),
        ("sample", Money(5_000, "USD"), 1),
    ]


def test_each_kind_has_its_own_sum() -> None:
    order = OrderFactory()
    for kind, minor in (
        ("payment", 1_000), ("refund", -300), ("refund_reversal", 300), ("refund", -50),
        ("dispute", -1_000), ("dispute_reversal", 400), ("fee", -30),
    ):  # fmt: skip
        booked(order, minor, kind=kind)

    (card,) = board().money

    assert (card.received, card.refunded, card.disputed, card.fees) == (
        Money(1_000, "USD"), Money(-50, "USD"), Money(-600, "USD"), Money(-30, "USD"),
    )  # fmt: skip
    assert (card.payments, card.refunds) == (1, 1)


def test_only_the_last_thirty_days_count() -> None:
    order = OrderFactory()
    first_day = NOON.replace(hour=0) - timedelta(days=29)
    booked(order, 1, at=first_day)
    booked(order, 10, at=first_day - timedelta(seconds=1))

    assert board().money[0].received == Money(1, "USD")


def test_what_is_told_late_shows_at_once_and_the_rest_is_remembered() -> None:
    order = OrderFactory()
    booked(order, 1, at=NOON - timedelta(days=1))
    assert board().money[0].received == Money(1, "USD")

    booked(order, 10)
    booked(order, 100, at=NOON - timedelta(days=1))
    booked(OrderFactory(currency="EUR"), 7)
    booked(OrderFactory(mode="sample"), 1_000, at=NOON - timedelta(days=2))

    for _again in range(2):  # what was told late is remembered in its turn, and counted once
        assert [card.received for card in board().money] == [
            Money(111, "USD"), Money(7, "EUR"), Money(1_000, "USD"),
        ]  # fmt: skip


def test_days_that_are_over_are_summed_once() -> None:
    order = OrderFactory()
    booked(order, 1, at=NOON - timedelta(days=1))
    today, first_day = NOON.replace(hour=0), NOON.replace(hour=0) - timedelta(days=29)

    first, again = daily_totals(since=first_day, now=NOON), daily_totals(since=first_day, now=NOON)
    unread = revenue.daily_totals(since=first_day, fresh_since=today, known_id=first_id())

    assert [fact.times for fact in first] == [fact.times for fact in again if fact.day] == [1]
    assert [fact for fact in (*unread.fresh, *unread.late) if fact.day] == []


def first_id() -> int:
    return RevenueEvent.objects.get().pk


def test_what_nobody_ruled_to_be_ours_is_not_counted() -> None:
    booked(OrderFactory(), 100)
    booked(OrderFactory(state="needs_review", review_reason="amount_differs"), 50)
    foreign = OrderFactory(state="not_ours", review_reason="unknown_session")
    booked(foreign, 700, at=NOON - timedelta(days=1))
    booked(foreign, -20, kind="fee")

    for _again in range(2):
        (card,) = board().money
        assert (card.received, card.payments) == (Money(100, "USD"), 1)
        assert (card.undecided, card.not_ours) == (Money(50, "USD"), Money(700, "USD"))
        assert card.fees == Money(-20, "USD")
        assert [(day.on, day.received) for day in card.days] == [(NOON.date(), Money(100, "USD"))]


def test_a_verdict_counts_at_once() -> None:
    order = OrderFactory(state="needs_review", review_reason="amount_differs")
    booked(order, 50, at=NOON - timedelta(days=1))
    assert board().money[0].received == Money(0, "USD")

    order.move("paid")

    (card,) = board().money
    assert (card.received, card.payments, card.undecided) == (
        Money(50, "USD"), 1, Money(0, "USD"),
    )  # fmt: skip


def test_fees_that_are_unknown_are_not_nothing(operator: User) -> None:
    booked(OrderFactory(), 100, at=datetime.now(UTC))
    assert "$0.00" not in card_words(operator)
    assert "not booked yet" in card_words(operator)

    booked(OrderFactory(), 100, at=datetime.now(UTC))
    booked(OrderFactory(), -30, kind="fee", at=datetime.now(UTC))
    assert "−$0.30 USD so far; more are not booked yet" in card_words(operator)

    booked(OrderFactory(), -30, kind="fee", at=datetime.now(UTC))
    assert "not booked yet" not in card_words(operator)


def card_words(person: User) -> str:
    shown = re.search(r'<dl class="facts">.*?</dl>', dashboard_page(person), re.DOTALL)
    assert shown is not None
    return " ".join(re.sub(r"<[^>]+>", " ", shown[0]).split())


def test_without_redis_everything_is_read(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    booked(OrderFactory(), 1)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9"}}

    assert board().money[0].received == Money(1, "USD")
    assert [line.message for line in caplog.records if "remembered" in line.message] == [
        "nothing remembered"
    ] * 2


def test_what_moved_before_the_window_still_has_a_card() -> None:
    booked(OrderFactory(), 10, at=NOON - timedelta(days=90))

    (card,) = board().money

    assert (card.received, card.payments, card.chart) == (Money(0, "USD"), 0, None)


def test_the_picture_has_a_bar_for_each_day_with_money() -> None:
    order = OrderFactory()
    booked(order, 400)
    booked(order, -100, kind="refund")
    booked(order, 200, at=NOON - timedelta(days=3))

    (card,) = board().money

    assert card.chart is not None
    assert [(bar.css, bar.says) for bar in card.chart.bars] == [
        ("sandbox", f"{NOON - timedelta(days=3):%d %b}: $2.00 USD"),
        ("sandbox", f"{NOON:%d %b}: $4.00 USD"),
        ("bad", f"{NOON:%d %b}: −$1.00 USD"),
    ]
    high, hung = card.chart.bars[1], card.chart.bars[2]
    assert high.height == 4 * hung.height
    assert high.y + high.height == hung.y == card.chart.base_y
    assert [day.received for day in card.days] == [Money(400, "USD"), Money(200, "USD")]


def test_the_table_says_that_it_counts_disputes_too(operator: User) -> None:
    order = OrderFactory()
    now = datetime.now(UTC)
    for kind, minor in (("payment", 500), ("refund", -230), ("dispute", -200)):
        booked(order, minor, kind=kind, at=now)

    table = re.search(r"<caption.*?</table>", dashboard_page(operator), re.DOTALL)

    assert table is not None
    assert "−$4.30" in table[0]
    assert "Refunded or disputed</th>" in table[0]
    assert "Refunded</th>" not in table[0]
