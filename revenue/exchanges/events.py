"""Acting on filed events: claim, look around, record in one commit, settle the event."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from kernel.exchanges import Clock
from kernel.failures import will_fail_again
from kernel.leases import LostLease, claim_due, give_back, was_in
from kernel.modes import Mode
from notices import operations as notices
from revenue.enums import AlertKind, EventState, Outcome, Source
from revenue.exchanges.event_plan import NeedsOperator, Plan, plan_event
from revenue.models import StripeWebhookEvent
from revenue.operations.events import (
    settle_doubtful,
    settle_event,
    settle_failure,
    settle_waiting,
)
from revenue.operations.fact_recording import record
from revenue.operations.recording_context import CauseMissing, RecordingContext
from revenue.ports import PaymentGateway
from revenue.queries.renderings import other_renderings
from revenue.retries import EVENT_RETRIES

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=settings.WEBHOOK_LEASE_S)
BATCH_LONGEST: Final = LEASE * 0.1  # nothing is begun later; one event alone may need thrice that
WORKABLE: Final = (
    EventState.RECEIVED,
    EventState.FAILED,
    EventState.WAITING,
    EventState.PROCESSING,  # only when its lease ran out: until then it is not due
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingResult:
    """What one attempt came to."""

    outcome: Outcome
    changes: Sequence[str] = ()


def process_due(*, gateway: PaymentGateway, source: Source, clock: Clock, limit: int = 20) -> int:
    """Claim up to ``limit`` events that are due and act on them, for a tenth of a lease.

    What is not begun with is given back, so that one slow event holds nobody else's up. Returns
    how many were claimed, or ``limit`` when some were given back: then more are due.
    """
    claimed_at = clock()
    events = claim_due(
        StripeWebhookEvent,
        states=WORKABLE,
        to=EventState.PROCESSING,
        now=claimed_at,
        lease=LEASE,
        limit=limit,
    )
    now_due, later = _one_suspect_at_a_time(events)
    give_back(later)
    for done, event in enumerate(now_due):
        if done and clock() > claimed_at + BATCH_LONGEST:
            give_back(later := now_due[done:])
            break
        process_claimed(event, gateway=gateway, source=source, clock=clock)
    return limit if later else len(events)


def _one_suspect_at_a_time(
    events: Sequence[StripeWebhookEvent],
) -> tuple[Sequence[StripeWebhookEvent], Sequence[StripeWebhookEvent]]:
    """Split ``events`` into what is acted on now and what is given back.

    One of those that a worker died with may be why it died. Acted on last and one by one, it
    takes no other event down with it and is the only one whose attempts count up.
    """
    suspects = [event for event in events if was_in(event) == EventState.PROCESSING]
    others = [event for event in events if was_in(event) != EventState.PROCESSING]
    return [*others, *suspects[:1]], suspects[1:]


def process_claimed(
    event: StripeWebhookEvent, *, gateway: PaymentGateway, source: Source, clock: Clock
) -> ProcessingResult:
    """Act on one event that we hold the lease of.

    Never raises for the event's own faults, nor when another worker has taken the event over.
    """
    try:
        return _attempt(event, gateway=gateway, source=source, clock=clock)
    except LostLease:
        logger.warning("late for a webhook event", extra={"event_id": event.stripe_id})
        return ProcessingResult(outcome=Outcome.FAILED)


def _attempt(
    event: StripeWebhookEvent, *, gateway: PaymentGateway, source: Source, clock: Clock
) -> ProcessingResult:
    started_at = clock()
    try:
        _require_attempts_left(event, source=source)
        plan = plan_event(event, gateway=gateway, source=source)
        return _commit(event, plan, source=source, started_at=started_at, clock=clock)
    except LostLease:
        raise
    except Exception as error:  # noqa: BLE001  # a poisoned event ends dead, with its error
        return _fail(event, error, source=source, started_at=started_at, clock=clock)


def _require_attempts_left(event: StripeWebhookEvent, *, source: Source) -> None:
    """Raise NeedsOperator where nobody lived to count the last attempt; a person may try."""
    if EVENT_RETRIES.is_over(event.attempts - 1) and source != Source.REPLAY:
        raise NeedsOperator(
            f"tried {event.attempts - 1} times, and its last worker never said how it went: "
            "read that worker's log, then replay"
        )


def _commit(
    event: StripeWebhookEvent,
    plan: Plan,
    *,
    source: Source,
    started_at: datetime,
    clock: Clock,
) -> ProcessingResult:
    context = context_of(event, source=source, now=started_at)
    has_failed = bool(event.error_class)
    try:
        with transaction.atomic(durable=True):
            outcome = apply_plan(context, plan)
            if context.doubts:
                outcome = settle_doubtful(event, context, source=source, now=clock())
            else:
                settle_event(event, context, outcome=outcome, source=source, now=clock())
                if has_failed:  # and may have waited for a person since
                    notices.close_alerts(
                        subject=event.stripe_id, kind=AlertKind.EVENT_DEAD, now=clock()
                    )
    except CauseMissing as missing:
        with transaction.atomic(durable=True):
            settle_waiting(
                event, cause=missing.cause, source=source, started_at=started_at, now=clock()
            )
        return ProcessingResult(outcome=Outcome.WAITING)
    return ProcessingResult(outcome=outcome, changes=context.changes)


def context_of(event: StripeWebhookEvent, *, source: Source, now: datetime) -> RecordingContext:
    """Return the circumstances in which the facts of ``event`` are told."""
    return RecordingContext(
        mode=Mode(event.mode),
        source=source,
        now=now,
        occurred_at=event.stripe_created_at,
        event_id=event.pk,
    )


def apply_plan(context: RecordingContext, plan: Plan) -> Outcome:
    """Record every fact of ``plan`` in the caller's transaction; the last one names the outcome."""
    outcomes = [record(context, fact) for fact in plan.facts]
    if not outcomes:
        return Outcome.IGNORED
    if Outcome.RECORDED in outcomes:
        return Outcome.RECORDED
    return outcomes[-1]


def _is_rendered_anew(event: StripeWebhookEvent, error: NeedsOperator) -> bool:
    """Say whether another rendering came while we were at those that could not be read."""
    read = error.renderings_read
    return read is not None and other_renderings(event).count() > read


def is_final(error: Exception) -> bool:
    """Say whether an event that ended so waits for a person at once."""
    return isinstance(error, NeedsOperator) or will_fail_again(error)


def _fail(
    event: StripeWebhookEvent,
    error: Exception,
    *,
    source: Source,
    started_at: datetime,
    clock: Clock,
) -> ProcessingResult:
    """Settle the event as failed, unless what failed was only the answer to our COMMIT."""
    is_last = is_final(error)
    logger.warning(
        "webhook event not processed",
        extra={"event_id": event.stripe_id, "error": type(error).__name__},
    )
    with transaction.atomic(durable=True):
        # Memory is ahead of a row that was rolled back; the lock waits for a COMMIT on its way.
        rows = StripeWebhookEvent.objects.select_for_update(no_key=True)
        event.refresh_from_db(fields=["state"], from_queryset=rows)
        if event.state != EventState.PROCESSING:
            return ProcessingResult(outcome=Outcome(event.attempt_rows.latest("pk").outcome))
        if isinstance(error, NeedsOperator) and _is_rendered_anew(event, error):
            is_last = False
        settle_failure(
            event, error, is_final=is_last, source=source, started_at=started_at, now=clock()
        )
    return ProcessingResult(outcome=Outcome.NEEDS_OPERATOR if is_last else Outcome.FAILED)
