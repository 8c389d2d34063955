"""What a person does about an alert: dismiss and undo, snooze until a day, assign."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from console.queries.waiting import navigation_counts
from kernel import waiting_list
from kernel.modes import Mode
from ledger.models import LedgerEntry
from notices.models import OperatorAlert
from revenue.operations.alerts import raise_checkout_refused
from tests.conftest import NOON
from tests.factories.orders import AlertFactory
from tests.factories.people import client_of, make_person
from tests.factories.revenue import OfferFactory

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/console/alerts/"


@pytest.fixture
def alert() -> OperatorAlert:
    return AlertFactory(kind="sweep_lag")


@pytest.fixture
def operator() -> User:
    return make_person("operator")


@pytest.fixture
def browser(operator: User) -> Client:
    return client_of(operator)


def read(browser: Client, address: str = LIST) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def press(browser: Client, alert: OperatorAlert, verb: str, **typed: str) -> tuple[int, str]:
    answer = browser.post(f"{LIST}{alert.reference}/{verb}/", typed, follow=True)
    return answer.status_code, answer.content.decode()


def stands() -> list[str]:
    return [item.handle for item in waiting_list.items()]


def events() -> list[str]:
    entries = LedgerEntry.objects.filter(event__startswith="alert.").order_by("pk")
    return list(entries.values_list("event", flat=True))


def test_a_dismissal_is_undone_from_the_page_that_follows(
    browser: Client, operator: User, alert: OperatorAlert
) -> None:
    _status, after = press(browser, alert, "dismiss", back="alert-list")

    assert stands() == []
    assert f'action="{LIST}{alert.reference}/undo/"' in after
    alert.refresh_from_db()
    assert alert.closed_by == operator

    _status, again = press(browser, alert, "undo", back="alert-list")

    assert stands() == [alert.reference]
    assert "It is on the list again." in again
    alert.refresh_from_db()
    assert (alert.closed_at, alert.closed_by) == (None, None)
    press(browser, alert, "dismiss")
    assert events() == ["alert.dismissed", "alert.restored", "alert.dismissed"]


def test_the_dismissed_are_listed_and_can_be_brought_back(
    browser: Client, alert: OperatorAlert
) -> None:
    ended = AlertFactory(kind="sweep_lag", closed_at=datetime.now(UTC))
    press(browser, alert, "dismiss")

    listed = read(browser, f"{LIST}?standing=dismissed")

    assert f"{LIST}{alert.reference}/undo/" in listed
    assert ended.reference not in listed
    assert ended.reference in read(browser, f"{LIST}?standing=ended")
    press(browser, alert, "undo")
    assert alert.reference in read(browser)


def test_what_ended_by_itself_is_not_brought_back(browser: Client) -> None:
    ended = AlertFactory(kind="sweep_lag", closed_at=datetime.now(UTC))

    _status, page = press(browser, ended, "undo")

    assert "nothing to bring back" in page
    assert stands() == []


def test_a_snoozed_alert_comes_back_on_its_day(browser: Client, alert: OperatorAlert) -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).date()

    press(browser, alert, "snooze", until=day.isoformat(), back="alert")

    assert (stands(), navigation_counts().get("alert-list", 0)) == ([], 0)
    assert alert.reference not in read(browser)
    assert alert.reference in read(browser, f"{LIST}?standing=snoozed")
    OperatorAlert.objects.update(snoozed_until=datetime.now(UTC) - timedelta(seconds=1))
    assert stands() == [alert.reference]
    assert alert.reference in read(browser)


def test_a_snoozed_alert_is_woken(browser: Client, alert: OperatorAlert) -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).date()
    press(browser, alert, "snooze", until=day.isoformat())

    press(browser, alert, "snooze", wake="1")

    assert stands() == [alert.reference]
    assert events() == ["alert.snoozed", "alert.woken"]


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "Choose a day."),
        ("soon", "Choose a day, e.g. 2026-12-24."),
        ("2020-01-01", "Choose a day within the next 90 days."),
        ("2099-01-01", "Choose a day within the next 90 days."),
    ],
)
def test_a_day_that_does_not_do_is_asked_for_again(
    browser: Client, alert: OperatorAlert, typed: str, problem: str
) -> None:
    status, page = press(browser, alert, "snooze", until=typed)

    assert (status, problem in page) == (400, True)
    assert stands() == [alert.reference]


def test_an_alert_is_assigned_and_found_by_whose_it_is(
    browser: Client, operator: User, alert: OperatorAlert
) -> None:
    other = AlertFactory(kind="sweep_lag")
    auditor = make_person("auditor")

    press(browser, alert, "assign", to=str(operator.pk))

    (item,) = [item for item in waiting_list.items() if item.handle == alert.reference]
    assert item.assigned_to == (operator.get_full_name() or operator.email)
    mine = read(browser, f"{LIST}?assigned=me")
    assert (alert.reference in mine, other.reference in mine) == (True, False)
    status, _page = press(browser, alert, "assign", to=str(auditor.pk))
    assert status == 400
    press(browser, alert, "assign", to="")
    assert OperatorAlert.objects.get(pk=alert.pk).assigned_to is None
    entry = LedgerEntry.objects.filter(event="alert.assigned").order_by("pk").first()
    assert entry is not None
    assert entry.facts["assignee"] == f"user:{operator.pk}"


@pytest.mark.parametrize("verb", ["dismiss", "undo", "snooze", "assign"])
def test_an_auditor_reads_and_presses_nothing(alert: OperatorAlert, verb: str) -> None:
    auditor = client_of(make_person("auditor"))

    assert auditor.post(f"{LIST}{alert.reference}/{verb}/").status_code == 403
    page = read(auditor, f"{LIST}{alert.reference}/")
    assert f"/{verb}/" not in page


def test_an_unknown_alert_is_not_found(browser: Client) -> None:
    assert browser.get(f"{LIST}alr_nobody/").status_code == 404
    assert browser.post(f"{LIST}alr_nobody/undo/").status_code == 404


def test_its_page_leads_to_what_it_is_about_and_says_stripes_reason(browser: Client) -> None:
    offer = OfferFactory()
    raise_checkout_refused(offer=offer, mode=Mode.SANDBOX, code="amount_too_small", now=NOON)

    page = read(browser, f"{LIST}{OperatorAlert.objects.get().reference}/")

    assert f'<dd><a href="/console/offers/{offer.reference}/">' in page
    assert "amount_too_small" in page
