"""Settling a filed event after an attempt, with the attempt's own row."""

from __future__ import annotations

from datetime import datetime

from kernel.failures import words_to_keep
from kernel.modes import Mode
from notices import operations as notices
from revenue.enums import AlertKind, EventState, Outcome, Source
from revenue.models import StripeWebhookEvent, WebhookAttempt
from revenue.operations.recording_context import RecordingContext
from revenue.retries import EVENT_RETRIES


def settle_event(
    event: StripeWebhookEvent,
    context: RecordingContext,
    *,
    outcome: Outcome,
    source: Source,
    now: datetime,
) -> None:
    """Close an event whose facts are recorded, in the transaction that recorded them."""
    is_ignored = outcome == Outcome.IGNORED
    event.move_fenced(
        EventState.IGNORED if is_ignored else EventState.PROCESSED,
        settled_at=now,
        next_attempt_at=None,
        waits_for="",
        error_class="",
        error="",
        order_id=context.order_id,
        trace_ref=context.trace_ref,
    )
    _attempt(event, outcome, source=source, started_at=context.now, now=now)


def settle_doubtful(
    event: StripeWebhookEvent, context: RecordingContext, *, source: Source, now: datetime
) -> Outcome:
    """NeedsOperator an event whose facts are recorded, but of which a person must know more."""
    doubt = Doubtful(" ".join(context.doubts))
    settle_failure(
        event,
        doubt,
        is_final=True,
        source=source,
        started_at=context.now,
        now=now,
        order_id=context.order_id,
        trace_ref=context.trace_ref,
    )
    return Outcome.NEEDS_OPERATOR


class Doubtful(Exception):
    """All that an event says is recorded, and a person must look at what it is about."""


def settle_waiting(
    event: StripeWebhookEvent, *, cause: str, source: Source, started_at: datetime, now: datetime
) -> None:
    """Put an event aside until ``cause`` is recorded; after ten tries a person is asked."""
    if EVENT_RETRIES.is_over(event.attempts):
        error = CauseNeverCame(f"no payment {cause} is known here or at Stripe's Checkout")
        settle_failure(event, error, is_final=True, source=source, started_at=started_at, now=now)
        return
    event.move_fenced(
        EventState.WAITING,
        waits_for=cause,
        next_attempt_at=now + EVENT_RETRIES.after(event.attempts),
    )
    _attempt(event, Outcome.WAITING, source=source, started_at=started_at, now=now)


class CauseNeverCame(Exception):
    """What an event speaks of was never recorded, and Stripe knows no session for it."""


def settle_failure(
    event: StripeWebhookEvent,
    error: Exception,
    *,
    is_final: bool,
    source: Source,
    started_at: datetime,
    now: datetime,
    **sale: object,
) -> None:
    """Keep why an attempt failed; try again later, or leave the event to a person."""
    is_dead = is_final or EVENT_RETRIES.is_over(event.attempts)
    name, words = type(error).__name__, words_to_keep(error)
    event.move_fenced(
        EventState.DEAD if is_dead else EventState.FAILED,
        next_attempt_at=None if is_dead else now + EVENT_RETRIES.after(event.attempts),
        error_class=name,
        error=words,
        **sale,
    )
    outcome = Outcome.NEEDS_OPERATOR if is_dead else Outcome.FAILED
    _attempt(event, outcome, source=source, started_at=started_at, now=now, error=(name, words))
    if is_dead:
        notices.raise_alert(
            kind=AlertKind.EVENT_DEAD,
            item=event.stripe_id,
            subject=event.stripe_id,
            mode=Mode(event.mode),
            now=now,
        )


def _attempt(
    event: StripeWebhookEvent,
    outcome: Outcome,
    *,
    source: Source,
    started_at: datetime,
    now: datetime,
    error: tuple[str, str] = ("", ""),
) -> None:
    WebhookAttempt.objects.create(
        event=event,
        source=source,
        started_at=started_at,
        duration_ms=max(0, round((now - started_at).total_seconds() * 1000)),
        outcome=outcome,
        error_class=error[0],
        error=error[1],
    )
