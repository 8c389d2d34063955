"""Every alert that stands can be found; the dashboard shows what is due first."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notices.models import OperatorAlert
from revenue.models import Dispute, Order
from tests.conftest import NOON
from tests.factories.orders import AlertFactory, OrderFactory
from tests.factories.people import client_of, make_person

pytestmark = pytest.mark.django_db(transaction=True)

SQL_MAX = 10
LIST = "/console/alerts/"


def read(browser: Client, address: str = LIST) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def disputed(*, due_at: datetime | None, status: str = "needs_response") -> Order:
    order = OrderFactory(state="disputed")
    alert = AlertFactory(kind="dispute_opened", subject=order.reference)
    Dispute.objects.create(
        stripe_id=alert.item, order=order, mode=order.mode, status=status, amount_minor=119,
        currency="USD", opened_at=NOON, evidence_due_at=due_at,
    )  # fmt: skip
    return order


def test_every_open_alert_is_listed(browser: Client) -> None:
    stand = AlertFactory.create_batch(9, kind="refund_failed")
    done = AlertFactory(kind="refund_failed", closed_at=NOON)
    sample = AlertFactory(kind="refund_failed", mode="sample")
    elsewhere = AlertFactory(kind="order_review")

    page = read(browser)

    assert all(f"/console/alerts/{alert.reference}/dismiss/" in page for alert in stand)
    assert not any(alert.reference in page for alert in (done, sample, elsewhere))
    assert f'<a href="{LIST}">9 alerts stand</a>' in read(browser, "/console/")


def test_the_earliest_answer_comes_first_on_the_dashboard(browser: Client) -> None:
    soon = disputed(due_at=NOON + timedelta(days=3))
    later = disputed(due_at=NOON + timedelta(days=9))
    answered = disputed(due_at=NOON + timedelta(days=1), status="under_review")
    AlertFactory.create_batch(7, kind="refund_failed")

    page = read(browser, "/console/")

    assert 0 < page.index(soon.reference) < page.index(later.reference)
    assert answered.reference not in page
    assert "Answer at Stripe before" in page
    assert "Answer at Stripe before" not in read(browser)
    listed = read(browser, "/console/disputes/?standing=to_answer")
    assert (soon.reference in listed, later.reference in listed) == (True, True)
    assert answered.reference not in listed


def test_no_number_of_newer_alerts_hides_a_dispute(browser: Client) -> None:
    order = disputed(due_at=NOON)
    AlertFactory.create_batch(101, kind="refund_failed")

    assert order.reference in read(browser, "/console/")


def test_the_list_is_narrowed_and_goes_on_by_key(browser: Client) -> None:
    order = disputed(due_at=None)
    alerts = AlertFactory.create_batch(51, kind="refund_failed")

    first = read(browser, f"{LIST}?kind=refund_failed")
    key = OperatorAlert.objects.get(reference=alerts[1].reference).pk

    assert f"?kind=refund_failed&amp;before={key}" in first
    second = read(browser, f"{LIST}?kind=refund_failed&before={key}")
    assert alerts[0].reference in second
    assert order.reference not in first + second
    assert order.reference not in read(browser, f"{LIST}?kind=dispute_opened")
    assert order.reference in read(browser, "/console/disputes/")
    assert "No alerts match these filters." in read(browser, f"{LIST}?kind=sweep_lag")


def test_closing_one_leads_back_to_the_list(browser: Client) -> None:
    alert = AlertFactory(kind="refund_failed")
    assert '<input type="hidden" name="back" value="alert-list">' in read(browser)
    assert 'name="back"' not in read(browser, "/console/")

    answer = browser.post(f"/console/alerts/{alert.reference}/dismiss/", {"back": "alert-list"})

    assert answer["Location"] == f"{LIST}?dismissed={alert.reference}"
    assert "No open alerts" in read(browser)


def test_an_auditor_reads_it_and_closes_none(auditor: Client) -> None:
    alert = AlertFactory(kind="refund_failed")

    assert alert.subject in read(auditor)
    assert "/dismiss/" not in read(auditor)


def test_who_may_not_see_the_dashboard_does_not_see_it() -> None:
    stranger = User.objects.create_user("stranger", "stranger@example.com")

    assert Client().get(LIST).status_code == 302
    assert client_of(stranger).get(LIST).status_code == 403


def test_the_list_costs_at_most_ten_statements(browser: Client) -> None:
    for _ in range(3):
        disputed(due_at=NOON)
    read(browser)

    with CaptureQueriesContext(connection) as captured:
        read(browser)

    statements = [q["sql"] for q in captured if "set_config" not in q["sql"]]
    assert len(statements) <= SQL_MAX, "\n".join(statements)


def test_possible_double_payments_are_found_from_the_dashboard(browser: Client) -> None:
    first = OrderFactory()
    doubles = [OrderFactory(double_of=first).reference for _ in range(6)]
    back = OrderFactory(double_of=first, state="refunded", refunded_minor=119)
    address = "/console/orders/?double=possible"

    page = read(browser, address)

    assert f'<a href="{address}">6 possible double payments</a>' in read(browser, "/console/")
    assert all(reference in page for reference in doubles)
    assert first.reference not in page
    assert back.reference not in page


def test_an_operator_sees_the_verb(operator: User) -> None:
    AlertFactory(kind="refund_failed")

    assert ">Dismiss<" in read(client_of(make_person("owner")))
    assert ">Dismiss<" in read(client_of(operator))
