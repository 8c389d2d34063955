"""The inspector's pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kernel.paging import Cursor
from ledger.models import LedgerEntry
from notices.models import OperatorAlert
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.models import Order, StripeWebhookEvent
from revenue.queries.events import events_page
from tests.factories.revenue import (
    NOON,
    CheckoutFactory,
    event_body,
    filed,
    refund_object,
    session_object,
)
from tests.owner import rewriting
from tests.revenue.conftest import Clock
from tests.revenue.inspector.test_emptying import deliver
from tests.revenue.inspector.test_replay import COMPLETED, OLD_VERSION, paid_event

pytestmark = pytest.mark.django_db
Process = Callable[[], list[StripeWebhookEvent]]


def main_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode().split("<main")[1]


def test_the_list_says_what_will_appear(operator: Client) -> None:
    assert "Stripe has told us nothing yet." in main_of(operator, "/console/events/")


def test_the_list_narrows_by_state_type_mode_and_day(operator: Client, process: Process) -> None:
    event = paid_event()
    process()
    address = f"/console/events/{event.stripe_id}/"
    for query, is_in in [
        ("", True),
        ("state=processed", True),
        ("state=dead", False),
        (f"type={COMPLETED}", True),
        ("type=charge", False),
        ("mode=sandbox", True),
        ("mode=live", False),
        (f"day={NOON:%Y-%m-%d}", True),
        (f"day={NOON + timedelta(days=1):%Y-%m-%d}", False),
        ("day=yesterday", True),
        ("day=0001-01-01", False),
        ("day=9999-12-31", False),
    ]:
        assert (address in main_of(operator, f"/console/events/?{query}")) == is_in, query
    assert "No events match these filters." in main_of(operator, "/console/events/?state=dead")


def many(number: int) -> None:
    """Events, three an hour, the oldest first."""
    StripeWebhookEvent.objects.bulk_create(
        StripeWebhookEvent(
            stripe_id=f"evt_{each:06d}",
            type="charge.succeeded",
            livemode=False,
            mode="sandbox",
            state="ignored",
            body=b"{}",
            body_sha256="0" * 64,
            stripe_created_at=NOON,
            received_at=NOON + timedelta(minutes=20 * each),
        )
        for each in range(number)
    )


def test_pages_go_back_and_forth_without_counting(operator: Client) -> None:
    many(120)
    first = operator.get("/console/events/")
    older = operator.get(f"/console/events/{first.context['older_address']}")
    back = operator.get(f"/console/events/{older.context['newer_address']}")
    ids = [[event.stripe_id for event in answer.context["events"]] for answer in (first, older)]
    assert (len(ids[0]), ids[0][0], ids[1][0]) == (50, "evt_000119", "evt_000069")
    assert [event.stripe_id for event in back.context["events"]] == ids[0]
    with CaptureQueriesContext(connection) as captured:
        operator.get("/console/events/?state=ignored")
    assert len(captured) <= 10
    assert not any("COUNT(" in query["sql"] for query in captured)


@pytest.mark.parametrize("days", [-1, 0, 1, 5, 8, 9])
def test_each_day_holds_exactly_its_events(days: int) -> None:
    many(600)
    day = NOON.date() + timedelta(days=days)
    found = events_page(cursor=Cursor(), day=day)
    whole_day = StripeWebhookEvent.objects.filter(received_at__date=day)
    assert [event.pk for event in found.rows] == list(
        whole_day.order_by("-id").values_list("pk", flat=True)[:50]
    )


def test_a_day_is_found_although_ids_have_gaps() -> None:
    many(600)
    gap = StripeWebhookEvent.objects.filter(received_at__date=NOON.date() + timedelta(days=3))
    with rewriting(StripeWebhookEvent):
        gap.delete()
    assert events_page(cursor=Cursor(), day=NOON.date() + timedelta(days=3)).rows == []
    assert len(events_page(cursor=Cursor(), day=NOON.date() + timedelta(days=4)).rows) == 50
    assert events_page(cursor=Cursor(), day=date(1999, 1, 1)).rows == []


def test_an_event_shows_its_results_attempts_and_a_masked_payload(
    operator: Client, process: Process
) -> None:
    event = paid_event()
    process()
    page = main_of(operator, f"/console/events/{event.stripe_id}/")
    order = Order.objects.get()
    for words in (
        "<h1>checkout.session.completed: recorded</h1>",
        order.reference,
        "$1.00 USD",
        event.body_sha256,
        "delivery",
    ):
        assert words in page
    assert f"/console/trace/{order.trace_ref}/" in page
    assert "ada@buyer.example" not in page
    assert "Lovelace" not in page
    assert "•••" in page


def test_an_event_that_came_again_says_how_often(
    operator: Client, deaf_gateway: StripeGateway, clock: Clock, process: Process
) -> None:
    event = paid_event()
    process()
    address = f"/console/events/{event.stripe_id}/"
    assert "Came again" not in main_of(operator, address)
    deliver(bytes(event.body or b""), deaf_gateway, clock)
    assert "<dd>1 time, last <time" in main_of(operator, address)
    deliver(bytes(event.body or b""), deaf_gateway, clock)
    assert "<dd>2 times, last <time" in main_of(operator, address)


def test_an_emptied_event_says_so(operator: Client) -> None:
    event = paid_event()
    StripeWebhookEvent.objects.filter(pk=event.pk).update(body=None, emptied_at=NOON)
    assert "The body was emptied" in main_of(operator, f"/console/events/{event.stripe_id}/")


def test_a_dead_event_says_why_and_what_to_do(operator: Client, process: Process) -> None:
    event = paid_event(api_version=OLD_VERSION)
    process()
    page = main_of(operator, f"/console/events/{event.stripe_id}/")
    assert ": a person has to look at it</h1>" in page
    assert "STRIPE_API_VERSIONS does not name" in page
    assert "Replay it now" in page


def test_a_waiting_event_says_what_for(operator: Client, process: Process) -> None:
    event = filed("refund.created", refund_object(CheckoutFactory(stripe_id="cs_test_9")))
    process()
    page = main_of(operator, f"/console/events/{event.stripe_id}/")
    assert ": waiting for an earlier event</h1>" in page
    assert "pi_test_9" in page


def test_other_content_is_shown_masked_and_taken_off_the_list(
    operator: Client, deaf_gateway: object, clock: Clock
) -> None:
    checkout = CheckoutFactory()
    event = filed(COMPLETED, session_object(checkout))
    forged = event_body(COMPLETED, session_object(checkout, amount_total=5), id=event.stripe_id)
    deliver(forged, deaf_gateway, clock)
    address = f"/console/events/{event.stripe_id}/"
    page = main_of(operator, address)
    assert "This id came again with other content." in page
    assert "&quot;amount_total&quot;: 5" in page
    assert "Lovelace" not in page
    alert = OperatorAlert.objects.get()
    operator.post(f"/console/alerts/{alert.reference}/dismiss/")
    page = main_of(operator, address)
    assert "This id came again with other content." in page
    assert "take it off the list" not in page


@pytest.mark.parametrize(
    ("type_", "account", "words"),
    [
        ("customer.created", "", "events of this type are kept and counted, no more."),
        (COMPLETED, "acct_another", "it is about another account, which sells nothing here."),
        ("payment_intent.payment_failed", "", "it is about nothing that was sold here."),
    ],
)
def test_why_an_event_is_ignored_is_said(
    operator: Client, process: Process, type_: str, account: str, words: str
) -> None:
    session = session_object(CheckoutFactory())
    failed = {"id": "pi_nobodys", "object": "payment_intent", "metadata": {}}
    event = filed(type_, session if type_ == COMPLETED else failed, account=account)
    process()

    page = main_of(operator, f"/console/events/{event.stripe_id}/")

    assert f"Nothing: {words}" in page


def test_the_dry_run_and_the_replay_from_the_page(operator: Client) -> None:
    event = paid_event()
    address = f"/console/events/{event.stripe_id}/"
    tried = operator.post(f"{address}dry-run/").content.decode()
    assert "Dry run. Nothing was changed." in tried
    assert "Payment of $1.00 USD booked." in tried
    assert not Order.objects.exists()
    answer = operator.post(f"{address}replay/", follow=True)
    said = [str(message) for message in answer.context["messages"]]
    assert said[0].startswith("Recorded. Order ")
    assert Order.objects.exists()
    assert LedgerEntry.objects.get(event="event.replayed").facts["actor"].startswith("user:")


def test_an_auditor_looks_and_replays_nothing(auditor: Client) -> None:
    event = paid_event()
    address = f"/console/events/{event.stripe_id}/"
    assert "Replay it now" not in main_of(auditor, address)
    assert auditor.post(f"{address}dry-run/").status_code == 403
    assert auditor.post(f"{address}replay/").status_code == 403


def test_an_unknown_event_is_not_found(operator: Client) -> None:
    assert operator.get("/console/events/evt_unknown/").status_code == 404
    assert operator.post("/console/events/evt_unknown/replay/").status_code == 404
