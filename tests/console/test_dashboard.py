"""The dashboard: money by mode and currency, the funnel, what waits, what is stuck."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.queries.dashboard import build_dashboard
from console.queries.waiting import navigation_counts
from kernel.due_work import LAG_MAX
from ledger.models import LedgerEntry
from notices.models import OperatorAlert
from revenue.models import OrderReview, ReconcileRun, RefundRequest
from tests.conftest import NOON
from tests.console.conftest import board, dashboard_page
from tests.console.sales import Process, direct_sale, lead, whole_sale
from tests.factories.orders import AlertFactory, BuyerMailFactory, OrderFactory
from tests.factories.people import client_of, make_person
from tests.factories.revenue import CheckoutFactory, filed, refund_object, session_object

pytestmark = pytest.mark.django_db(transaction=True)

SQL_MAX = 11
OWN_SQL_MAX = 7


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
        "dispute-list": 0, "refund-list": 0, "incident-list": 0, "safety": 0,
        "approval-inbox": 0, "purchase-list": 0,
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
    assert f"Nothing waits for you, {operator.email.partition('@')[0]}." in dashboard_page(operator)
    operator.first_name = "Otto"
    operator.save()
    lead()
    assert "One thing waits for you, Otto." in dashboard_page(operator)


def test_an_auditor_is_not_told_to_act() -> None:
    OrderFactory.create_batch(7, state="needs_review", review_reason="amount_differs")
    auditor = make_person("auditor")

    shown = dashboard_page(auditor)

    assert "Seven things wait for the team, " in shown
    assert "Waiting for the team</h2>" in shown
    assert ">Decide<" not in shown


def test_each_thing_that_waits_says_what_to_do(operator: User) -> None:
    order = OrderFactory(state="needs_review", review_reason="amount_differs")
    BuyerMailFactory(order=OrderFactory(), state="unknown")
    lead()

    shown = dashboard_page(operator)

    address = f"/console/orders/{order.reference}/#review"
    assert f'<a class="button small" href="{address}">Decide<' in shown
    assert '<a class="button small" href="/console/leads/?mode=sandbox">Answer<' in shown
    assert "/console/outbox/mail_" in shown
    [leads] = [group for group in board().waiting if group.url_name == "lead-list"]
    assert [(row.item.mode, row.item.at, row.words) for row in leads.shown] == [
        ("sandbox", NOON, "1 lead waits for an answer")
    ]


def test_an_empty_page_says_how_to_fill_it(operator: User) -> None:
    shown = dashboard_page(operator)

    assert "No money has moved yet" in shown
    assert "Nothing is stuck." in shown


def test_an_alert_is_done_with_once(operator: User) -> None:
    alert = AlertFactory(kind="dispute_opened", subject=OrderFactory().reference)
    browser = client_of(operator)
    address = f"/console/alerts/{alert.reference}/dismiss/"
    assert address in dashboard_page(operator)

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
    assert "/dismiss/" not in dashboard_page(auditor)


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
