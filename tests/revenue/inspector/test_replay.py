"""Acting again on an event: what it changes, what it says it would change, who asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ledger.models import LedgerEntry
from notices.models import OperatorAlert
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import AlertKind, EventState, OrderState, Outcome, Source
from revenue.models import BuyerMail, Order, RevenueEvent, StripeWebhookEvent, WebhookAttempt
from revenue.usecases.replay_event import EventBusy, dry_run, replay_event
from tests.factories.revenue import (
    CheckoutFactory,
    filed,
    refund_object,
    session_object,
)
from tests.outside import gateway_to
from tests.owner import rewriting
from tests.revenue.conftest import Clock
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db
COMPLETED = "checkout.session.completed"
OLD_VERSION = "2019-05-16"
Process = Callable[[], list[StripeWebhookEvent]]


def paid_event(**changes: object) -> StripeWebhookEvent:
    return filed(COMPLETED, session_object(CheckoutFactory()), **changes)


def rows() -> tuple[int, ...]:
    """Everything that recording a sale writes."""
    models = (Order, RevenueEvent, BuyerMail, LedgerEntry, WebhookAttempt, OperatorAlert)
    return tuple(model.objects.count() for model in models)


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    deaf_gateway: StripeGateway, clock: Clock
) -> None:
    event = paid_event()
    before = rows()
    tried = dry_run(event.stripe_id, gateway=deaf_gateway, clock=clock)
    assert tried.outcome == Outcome.RECORDED
    assert "payment of $1.00 USD booked" in tried.changes
    assert any(change.startswith("order (new) made: paid") for change in tried.changes)
    assert rows() == before
    event.refresh_from_db()
    assert (event.state, event.attempts, event.lease_token) == (EventState.RECEIVED, 0, 0)


def test_a_dry_run_names_what_is_there_already(
    deaf_gateway: StripeGateway, clock: Clock, process: Process
) -> None:
    checkout = CheckoutFactory()
    filed(COMPLETED, session_object(checkout))
    process()
    refund = filed("refund.created", refund_object(checkout))
    tried = dry_run(refund.stripe_id, gateway=deaf_gateway, clock=clock)
    order = Order.objects.get()
    assert f"order {order.reference}: paid to refunded" in tried.changes
    order.refresh_from_db()
    assert order.state == OrderState.PAID


def test_a_dry_run_of_what_is_known_says_so(
    deaf_gateway: StripeGateway, clock: Clock, process: Process
) -> None:
    event = paid_event()
    process()
    tried = dry_run(event.stripe_id, gateway=deaf_gateway, clock=clock)
    assert (tried.outcome, list(tried.changes)) == (Outcome.ALREADY_KNOWN, [])


def test_a_dry_run_of_a_refund_without_its_payment_says_what_it_waits_for(
    deaf_gateway: StripeGateway, clock: Clock
) -> None:
    refund = filed("refund.created", refund_object(CheckoutFactory(stripe_id="cs_test_1")))
    tried = dry_run(refund.stripe_id, gateway=deaf_gateway, clock=clock)
    assert tried.outcome == Outcome.WAITING
    assert "pi_test_1" in tried.problem


def test_a_dry_run_of_an_unreadable_event_says_why_without_anybodys_words(
    deaf_gateway: StripeGateway, clock: Clock
) -> None:
    event = filed(COMPLETED, {"id": "cs_test_1", "customer_details": {"name": "Ada Lovelace"}})
    tried = dry_run(event.stripe_id, gateway=deaf_gateway, clock=clock)
    assert tried.outcome == Outcome.NEEDS_OPERATOR
    assert tried.problem == f"{COMPLETED}: status: missing"
    assert "Ada" not in tried.problem


def test_a_dry_run_of_another_modes_event_is_parked(
    deaf_gateway: StripeGateway, clock: Clock
) -> None:
    event = paid_event(livemode=True)
    tried = dry_run(event.stripe_id, gateway=deaf_gateway, clock=clock)
    assert (tried.outcome, "livemode is true" in tried.problem) == (Outcome.NEEDS_OPERATOR, True)


def test_with_stripe_away_a_dry_run_says_so(deaf_gateway: StripeGateway, clock: Clock) -> None:
    event = paid_event(api_version=OLD_VERSION)  # it would have to be read anew
    tried = dry_run(event.stripe_id, gateway=deaf_gateway, clock=clock)
    assert (tried.outcome, tried.problem) == (
        Outcome.FAILED,
        "Stripe could not be read: no_answer",
    )


def test_a_replay_records_and_says_who_asked(deaf_gateway: StripeGateway, clock: Clock) -> None:
    event = paid_event()
    done = replay_event(event.stripe_id, gateway=deaf_gateway, actor_id=7, clock=clock)
    assert done.outcome == Outcome.RECORDED
    event.refresh_from_db()
    assert event.state == EventState.PROCESSED
    assert Order.objects.get().state == OrderState.PAID
    assert WebhookAttempt.objects.get().source == Source.REPLAY
    audit = LedgerEntry.objects.get(event="event.replayed")
    assert (audit.subject, audit.facts["actor"]) == (event.stripe_id, "user:7")


def test_a_replay_of_a_processed_event_changes_nothing(
    deaf_gateway: StripeGateway, clock: Clock, process: Process
) -> None:
    event = paid_event()
    process()
    orders, money = Order.objects.count(), RevenueEvent.objects.count()
    done = replay_event(event.stripe_id, gateway=deaf_gateway, actor_id=None, clock=clock)
    assert done.outcome == Outcome.ALREADY_KNOWN
    assert (Order.objects.count(), RevenueEvent.objects.count()) == (orders, money)
    event.refresh_from_db()
    assert (event.state, event.order) == (EventState.PROCESSED, Order.objects.get())


@pytest.mark.parametrize("state", ["received", "waiting", "failed", "dead", "processed", "ignored"])
def test_any_settled_or_waiting_state_can_be_replayed(
    deaf_gateway: StripeGateway, clock: Clock, state: str
) -> None:
    event = paid_event()
    StripeWebhookEvent.objects.filter(pk=event.pk).update(state=state)
    done = replay_event(event.stripe_id, gateway=deaf_gateway, actor_id=None, clock=clock)
    assert done.outcome == Outcome.RECORDED


def test_what_a_worker_holds_is_not_taken_from_it(
    deaf_gateway: StripeGateway, clock: Clock
) -> None:
    event = paid_event()
    StripeWebhookEvent.objects.filter(pk=event.pk).update(
        state="processing", leased_until=clock() + timedelta(minutes=1), lease_token=3
    )
    with pytest.raises(EventBusy):
        replay_event(event.stripe_id, gateway=deaf_gateway, actor_id=None, clock=clock)
    event.refresh_from_db()
    assert event.lease_token == 3
    assert not LedgerEntry.objects.filter(event="event.replayed").exists()


def test_a_dead_event_that_is_recorded_leaves_the_operators_list(
    deaf_gateway: StripeGateway, clock: Clock, process: Process
) -> None:
    event = paid_event(api_version=OLD_VERSION)
    process()
    event.refresh_from_db()
    assert event.state == EventState.DEAD
    alert = OperatorAlert.objects.get(kind=AlertKind.EVENT_DEAD)
    failed = replay_event(event.stripe_id, gateway=deaf_gateway, actor_id=None, clock=clock)
    assert failed.outcome in {Outcome.FAILED, Outcome.NEEDS_OPERATOR}
    with rewriting(StripeWebhookEvent):
        StripeWebhookEvent.objects.filter(pk=event.pk).update(
            api_version="2026-10-28.endive", state="dead"
        )
    replay_event(event.stripe_id, gateway=deaf_gateway, actor_id=None, clock=clock)
    alert.refresh_from_db()
    assert alert.closed_at is not None


def sold(outside: RunningSandbox, *, card: str = "4242424242424242") -> tuple[str, str]:
    """A session of ours, paid at the sandbox: its id and its event's id, which nobody took."""
    checkout = CheckoutFactory(stripe_id=None, state="unknown", url="")
    session = outside.open_session(
        metadata={"checkout_ref": checkout.reference, "trace_ref": checkout.trace_ref}
    )
    paid = outside.pay(session.id, card, wait_s=0)
    return session.id, paid["event"]


def test_an_event_of_a_version_we_do_not_read_is_read_from_stripe_when_replayed(
    outside: RunningSandbox, gateway: StripeGateway, process: Process, clock: Clock
) -> None:
    session_id, _ = sold(outside)
    event = filed(COMPLETED, {"id": session_id}, api_version=OLD_VERSION)
    process()
    event.refresh_from_db()
    assert event.state == EventState.DEAD
    done = replay_event(event.stripe_id, gateway=gateway, actor_id=None, clock=clock)
    assert done.outcome == Outcome.RECORDED
    assert Order.objects.get().checkout.stripe_id == session_id


def test_an_emptied_event_is_read_from_stripe_when_replayed(
    outside: RunningSandbox, gateway: StripeGateway, clock: Clock
) -> None:
    session_id, _ = sold(outside)
    event = filed(COMPLETED, {"id": session_id})
    StripeWebhookEvent.objects.filter(pk=event.pk).update(body=None, emptied_at=clock())
    tried = dry_run(event.stripe_id, gateway=gateway, clock=clock)
    assert "payment of $1.00 USD booked" in tried.changes
    done = replay_event(event.stripe_id, gateway=gateway, actor_id=None, clock=clock)
    assert done.outcome == Outcome.RECORDED
    assert Order.objects.get().state == OrderState.PAID


def test_with_stripe_away_the_replay_of_an_emptied_event_fails_and_is_tried_again(
    deaf_gateway: StripeGateway, clock: Clock
) -> None:
    event = paid_event()
    StripeWebhookEvent.objects.filter(pk=event.pk).update(body=None, emptied_at=clock())
    done = replay_event(event.stripe_id, gateway=deaf_gateway, actor_id=None, clock=clock)
    event.refresh_from_db()
    assert (done.outcome, event.state) == (Outcome.FAILED, EventState.FAILED)
    assert event.next_attempt_at == clock() + timedelta(seconds=5)


@pytest.mark.usefixtures("pages_use_outside")
def test_the_command_replays_the_dead_ones(outside: RunningSandbox, process: Process) -> None:
    session_id, _ = sold(outside)
    filed(COMPLETED, {"id": session_id}, api_version=OLD_VERSION)
    process()
    out = StringIO()
    call_command("replay_webhooks", "--dry-run", stdout=out)
    assert "payment of $1.00 USD booked" in out.getvalue()
    assert "1 event(s) would be: 1 recorded" in out.getvalue()
    assert not Order.objects.exists()
    call_command("replay_webhooks", stdout=StringIO())
    assert Order.objects.get().state == OrderState.PAID


@pytest.mark.usefixtures("pages_use_outside")
def test_the_command_narrows_by_state_type_and_age() -> None:
    event = paid_event()
    for options, found in [
        (["--state", "received"], 1),
        (["--state", "any", "--type", COMPLETED], 1),
        (["--state", "any", "--type", "charge.refunded"], 0),
        (["--state", "received", "--since", f"{event.received_at:%Y-%m-%d}"], 1),
        (["--state", "received", "--since", f"{datetime.now(UTC) + timedelta(days=1):%F}"], 0),
        ([], 0),
    ]:
        out = StringIO()
        call_command("replay_webhooks", "--dry-run", *options, stdout=out)
        assert out.getvalue().strip().splitlines()[-1].startswith(f"{found} event(s)"), options


@pytest.mark.parametrize("limit", ["-1", "0", "1000001", "9" * 30])
def test_the_command_replays_one_event_at_least_and_a_million_at_most(limit: str) -> None:
    with pytest.raises(CommandError, match="--limit must be between 1 and 1,000,000"):
        call_command("replay_webhooks", f"--limit={limit}", stdout=StringIO())


def test_the_command_says_how_a_date_is_written() -> None:
    with pytest.raises(CommandError, match="'yesterday' is no date; write it like 2026-11-22"):
        call_command("replay_webhooks", "--since=yesterday", stdout=StringIO())


def test_the_command_fails_where_an_event_could_not_be_recorded() -> None:
    paid_event(livemode=True)
    with pytest.raises(CommandError, match="could not be recorded"):
        call_command("replay_webhooks", "--state", "received", stdout=StringIO())


OLDEST_TRANSACTION_S = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in trans%'
"""


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["dry run", "replay"])
def test_nothing_is_open_in_the_database_while_stripe_is_asked(
    outside: RunningSandbox, clock: Clock, act: str
) -> None:
    """A slow Stripe never holds a lock or a snapshot of ours."""
    event = paid_event(api_version=OLD_VERSION)  # read anew, so Stripe is asked
    outside.control("faults", effect="timeout_after_success", hang_ms=3000)
    hasty = gateway_to(outside.base, timeout_s=2)

    def go() -> None:
        if act == "dry run":
            dry_run(event.stripe_id, gateway=hasty, clock=clock)
        else:
            replay_event(event.stripe_id, gateway=hasty, actor_id=None, clock=clock)
        connection.close()

    worker = threading.Thread(target=go)
    worker.start()
    seen = []
    while worker.is_alive():
        with connection.cursor() as cursor:
            cursor.execute(OLDEST_TRANSACTION_S)
            seen.append(cursor.fetchone()[0])
        worker.join(0.05)
    assert len(seen) >= 4  # it did wait for Stripe
    assert max(seen) < 1  # the short writes around the call, never the call itself
