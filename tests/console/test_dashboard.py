"""The dashboard: money by mode and currency, the funnel, what waits, what is stuck."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from console.queries.dashboard import Dashboard, build_dashboard
from console.queries.remembered import daily_totals
from console.queries.waiting import navigation_counts
from kernel.due_work import LAG_MAX
from kernel.money import Money
from kernel.references import new_reference
from ledger.models import LedgerEntry
from revenue import queries as revenue
from revenue.models import (
    OperatorAlert,
    Order,
    OrderReview,
    ReconcileRun,
    RefundRequest,
    RevenueEvent,
)
from tests.conftest import NOON
from tests.console.sales import Process, direct_sale, lead, whole_sale
from tests.factories.orders import AlertFactory, BuyerMailFactory, OrderFactory
from tests.factories.people import client_of, make_person
from tests.factories.revenue import CheckoutFactory, filed, refund_object, session_object

pytestmark = pytest.mark.django_db(transaction=True)

SQL_MAX = 11
OWN_SQL_MAX = 7


def board(now: datetime = NOON) -> Dashboard:
    return build_dashboard(now=now)


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
    shown = re.search(r'<dl class="facts">.*?</dl>', page(person), re.DOTALL)
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

    table = re.search(r"<caption.*?</table>", page(operator), re.DOTALL)

    assert table is not None
    assert "−$4.30" in table[0]
    assert "Refunded or disputed</th>" in table[0]
    assert "Refunded</th>" not in table[0]


def test_what_waits_is_listed_by_kind(process: Process) -> None:
    order = OrderFactory(state="needs_review", review_reason="amount_differs")
    OrderFactory(mode="sample", state="needs_review", review_reason="amount_differs")
    first = OrderFactory()
    OrderFactory(double_of=first)
    AlertFactory(kind="dispute_opened", subject=order.reference)
    AlertFactory(kind="order_review", subject=order.reference)  # told as the order already
    AlertFactory(kind="refund_failed", subject=order.reference, closed_at=NOON)
    BuyerMailFactory(order=first, state="unknown")
    BuyerMailFactory(order=first, kind="refund_booked", state="sent", sent_at=NOON)
    filed("checkout.session.completed", {"id": "cs_test_dead"}, api_version="2019-01-01")
    process()
    lead()

    groups = board().waiting

    assert [(group.count, group.words) for group in groups] == [
        (1, "order needs a verdict"),
        (1, "alert stands"),
        (1, "Stripe event needs a person"),
        (1, "possible double payment"),
        (1, "e-mail to a buyer did not leave"),
        (1, "lead waits for an answer"),
    ]
    assert groups[0].shown[0].address == f"/console/orders/{order.reference}/"
    assert navigation_counts() == {
        "review-list": 1, "event-list": 1, "outbox": 1, "lead-list": 1, "alert-list": 1,
        "dispute-list": 0, "refund-list": 0,
    }  # fmt: skip


def test_a_decided_order_waits_no_more(operator: User) -> None:
    order = OrderFactory(state="needs_review", review_reason="amount_differs")
    OrderReview.objects.create(
        order=order, verdict="refund", reason="x", decided_by=operator, decided_at=NOON
    )
    asked = RefundRequest.objects.create(
        reference="rfq_decided", mode=order.mode, order=order, state="requested",
        amount_minor=order.amount_minor, currency=order.currency, requested_by=operator,
        requested_at=NOON,
    )  # fmt: skip

    assert board().waiting == []

    RefundRequest.objects.filter(pk=asked.pk).update(state="refused")
    (group,) = board().waiting
    assert group.shown[0].item.reference == order.reference


def test_counting_stops_at_ninety_nine() -> None:
    OrderFactory.create_batch(101, state="needs_review", review_reason="amount_differs")

    (group,) = board().waiting

    assert (group.count_words, len(group.shown)) == ("99+", 5)


def test_nothing_is_stuck() -> None:
    stuck = board().stuck

    assert (stuck.is_anything, stuck.oldest_s, stuck.reconciled_at) == (False, 0.0, None)


def test_late_work_is_stuck(process: Process) -> None:
    filed("checkout.session.completed", {"id": "cs_test_late"})  # and no worker looks at it

    stuck = board(NOON + timedelta(minutes=6)).stuck

    assert stuck.late == {"Stripe events": 360.0}
    assert stuck.is_anything


def test_differences_of_the_last_reconcile_are_stuck() -> None:
    ReconcileRun.objects.create(
        mode="sandbox",
        started_at=NOON,
        finished_at=NOON,
        since=NOON,
        until=NOON,
        differences=[{"what": "x"}],
    )

    stuck = board().stuck

    assert (stuck.differences, stuck.is_anything, stuck.is_reconcile_late) == (1, True, False)
    assert board(NOON + timedelta(hours=4)).stuck.is_reconcile_late


def test_a_late_seal_is_stuck(process: Process, seal: Callable[[], None]) -> None:
    direct_sale(process)
    assert board(NOON + timedelta(minutes=4)).stuck.is_seal_late is False
    assert board(NOON + timedelta(minutes=6)).stuck.is_seal_late is True

    seal()

    assert board(NOON + timedelta(minutes=6)).stuck.unsealed_since is None


def test_a_paid_order_without_a_run_is_stuck(process: Process, seal: Callable[[], None]) -> None:
    filed("checkout.session.completed", session_object(CheckoutFactory()))
    process()
    seal()

    stuck = board(NOON + timedelta(hours=2)).stuck

    assert stuck.late["runs to start"] > LAG_MAX.total_seconds()
    assert stuck.is_anything
    assert not stuck.is_seal_late


def test_the_page_greets_by_first_name_or_address(operator: User) -> None:
    assert f"Nothing waits for you, {operator.email.partition('@')[0]}." in page(operator)
    operator.first_name = "Otto"
    operator.save()
    lead()
    assert "One thing waits for you, Otto." in page(operator)


def test_an_auditor_is_not_told_to_act() -> None:
    OrderFactory.create_batch(7, state="needs_review", review_reason="amount_differs")
    auditor = make_person("auditor")

    shown = page(auditor)

    assert "Seven things wait for the team, " in shown
    assert "Waiting for the team</h2>" in shown
    assert ">Decide<" not in shown


def test_each_thing_that_waits_says_what_to_do(operator: User) -> None:
    order = OrderFactory(state="needs_review", review_reason="amount_differs")
    BuyerMailFactory(order=OrderFactory(), state="unknown")
    lead()

    shown = page(operator)

    address = f"/console/orders/{order.reference}/#review"
    assert f'<a class="button small" href="{address}">Decide<' in shown
    assert '<a class="button small" href="/console/leads/?mode=sandbox">Answer<' in shown
    assert "/console/outbox/mail_" in shown
    [leads] = [group for group in board().waiting if group.url_name == "lead-list"]
    assert [(row.item.mode, row.item.at, row.words) for row in leads.shown] == [
        ("sandbox", NOON, "1 lead waits for an answer")
    ]


def page(person: User) -> str:
    return client_of(person).get("/console/").content.decode()


def test_an_empty_page_says_how_to_fill_it(operator: User) -> None:
    shown = page(operator)

    assert "No money has moved yet" in shown
    assert "Nothing is stuck." in shown


def test_an_alert_is_done_with_once(operator: User) -> None:
    alert = AlertFactory(kind="dispute_opened", subject=OrderFactory().reference)
    browser = client_of(operator)
    address = f"/console/alerts/{alert.reference}/dismiss/"
    assert address in page(operator)

    answers = [browser.post(address).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert OperatorAlert.objects.get().closed_at is not None
    assert LedgerEntry.objects.filter(event="alert.dismissed").count() == 1
    assert browser.post("/console/alerts/alr_nobody/dismiss/").status_code == 404


def test_an_auditor_closes_no_alert() -> None:
    alert = AlertFactory(kind="dispute_opened", subject=OrderFactory().reference)
    auditor = make_person("auditor")

    answer = client_of(auditor).post(f"/console/alerts/{alert.reference}/dismiss/")

    assert answer.status_code == 403
    assert "/dismiss/" not in page(auditor)


def test_the_dashboard_costs_seven_statements_of_its_own(process: Process, operator: User) -> None:
    order = whole_sale(process, operator_id=operator.pk)
    filed("refund.updated", refund_object(order.checkout, id="re_dashboard", amount=40))
    process()

    with CaptureQueriesContext(connection) as captured:
        build_dashboard(now=datetime.now(UTC))

    assert len(captured) <= OWN_SQL_MAX


def test_the_page_costs_at_most_eleven_statements(browser: Client, process: Process) -> None:
    direct_sale(process)
    browser.get("/console/")

    with CaptureQueriesContext(connection) as captured:
        browser.get("/console/")

    statements = [q["sql"] for q in captured if "set_config" not in q["sql"]]
    assert len(statements) <= SQL_MAX, "\n".join(statements)
