"""A dead event that nothing is to be done about: closed for a reason, and replayable."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.test import Client

from kernel import waiting_list
from kernel.append_only import AppendOnlyViolation
from ledger.models import LedgerEntry
from notices.models import OperatorAlert
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import AlertKind, EventState, Outcome
from revenue.models import EventClosing, Order, StripeWebhookEvent
from revenue.usecases.close_event import EventNotDead, close_event
from revenue.usecases.replay_event import replay_event
from tests.factories.people import client_of, make_person
from tests.factories.revenue import NOON
from tests.revenue.conftest import Clock
from tests.revenue.inspector.test_replay import Process, paid_event

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> User:
    return make_person("operator")


@pytest.fixture
def browser(operator: User) -> Client:
    return client_of(operator)


@pytest.fixture
def dead(process: Process) -> StripeWebhookEvent:
    """An event whose livemode is not this deployment's: no replay can ever help it."""
    event = paid_event(livemode=True)
    process()
    event.refresh_from_db()
    assert event.state == EventState.DEAD
    return event


def waits(event: StripeWebhookEvent) -> bool:
    return event.stripe_id in {item.reference for item in waiting_list.items()}


def close(browser: Client, event: StripeWebhookEvent, reason: str) -> tuple[int, str]:
    address = f"/console/events/{event.stripe_id}/close/"
    answer = browser.post(address, {"reason": reason}, follow=True)
    return answer.status_code, answer.content.decode()


def test_a_closed_event_waits_for_nobody_and_says_why(
    browser: Client, operator: User, dead: StripeWebhookEvent
) -> None:
    assert waits(dead)

    status, page = close(browser, dead, "a stray of the live account")

    assert status == 200
    assert "Closed without acting on it." in page
    assert "a stray of the live account" in page
    assert operator.email in page
    assert not waits(dead)
    assert waiting_list.numbers().get("dead_event", 0) == 0
    assert not Order.objects.exists()
    assert OperatorAlert.objects.get(kind=AlertKind.EVENT_DEAD).closed_at is not None


def test_who_closed_it_is_in_the_ledger(
    browser: Client, operator: User, dead: StripeWebhookEvent
) -> None:
    close(browser, dead, "a stray")

    entry = LedgerEntry.objects.get(event="event.closed")
    assert (entry.subject, entry.facts["actor"]) == (dead.stripe_id, f"user:{operator.pk}")
    assert "stray" not in str(entry.facts)


def test_it_can_be_replayed_later_and_closed_again(
    dead: StripeWebhookEvent, operator: User, deaf_gateway: StripeGateway, clock: Clock
) -> None:
    close_event(dead.stripe_id, reason="first", actor_id=operator.pk, now=NOON)

    done = replay_event(dead.stripe_id, gateway=deaf_gateway, actor_id=operator.pk, clock=clock)
    dead.refresh_from_db()

    assert (done.outcome, dead.state) == (Outcome.NEEDS_OPERATOR, EventState.DEAD)
    close_event(dead.stripe_id, reason="second", actor_id=operator.pk, now=NOON)
    assert list(EventClosing.objects.order_by("pk").values_list("reason", flat=True)) == [
        "first",
        "second",
    ]


@pytest.mark.parametrize(
    ("reason", "problem"), [("  ", "Say why"), ("long " * 200, "Too long: it has 999 characters")]
)
def test_a_reason_that_does_not_do_is_asked_for_again(
    browser: Client, dead: StripeWebhookEvent, reason: str, problem: str
) -> None:
    status, page = close(browser, dead, reason)

    assert status == 400
    assert problem in page
    assert reason.strip() in page
    assert waits(dead)


def test_only_what_is_parked_can_be_closed(browser: Client, operator: User) -> None:
    event = paid_event()

    _status, page = close(browser, event, "not wanted")

    assert "Nothing was closed: the event is received" in page
    with pytest.raises(EventNotDead):
        close_event(event.stripe_id, reason="x", actor_id=operator.pk, now=NOON)
    assert not EventClosing.objects.exists()


def test_an_auditor_closes_nothing(auditor: Client, dead: StripeWebhookEvent) -> None:
    status, _page = close(auditor, dead, "x")

    assert status == 403
    assert waits(dead)
    page = auditor.get(f"/console/events/{dead.stripe_id}/").content.decode()
    assert "Close without acting" not in page


def test_a_closing_is_never_changed(dead: StripeWebhookEvent, operator: User) -> None:
    closing = close_event(dead.stripe_id, reason="why", actor_id=operator.pk, now=NOON)

    with pytest.raises(AppendOnlyViolation):
        EventClosing.objects.filter(pk=closing.pk).update(reason="another")
    with pytest.raises(DatabaseError), transaction.atomic():
        EventClosing.objects.filter(pk=closing.pk)._raw_delete("default")
    EventClosing.objects.filter(pk=closing.pk).update(reason="")
