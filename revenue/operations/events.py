"""Settling a filed event after an attempt, with the attempt's own row."""

from __future__ import annotations

import traceback
from datetime import datetime
from typing import Final

import psycopg
from django.db import DatabaseError, DataError, IntegrityError
from psycopg import errors

from kernel.modes import Mode
from ledger import operations as ledger
from revenue.enums import AlertKind, EventState, Outcome, Source
from revenue.models import StripeWebhookEvent, WebhookAttempt
from revenue.operations.alerts import raise_alert_about
from revenue.operations.recording_context import RecordingContext, Unrecordable
from revenue.policy import EVENT_RETRIES
from revenue.ports import UnreadableEvent

ERROR_CHARS_MAX: Final = 300
REFUSED_BY_RULE: Final = (
    errors.CheckViolation,
    errors.NotNullViolation,
    errors.ForeignKeyViolation,  # rows are not deleted, so what is missing stays so
    errors.RestrictViolation,  # our triggers
)
# What Python raises for a value says the same of it the next time, and so do our own kinds of it:
# ledger.ShapeRefused, ledger.facts.FactRefused, kernel.money.CurrencyMismatch, crm's NotAReference.
NEVER: Final = (
    *(Unrecordable, UnreadableEvent, DataError, ledger.KeyReused),
    *(ValueError, TypeError, LookupError, ArithmeticError, AttributeError),
)
OURS: Final = frozenset({"revenue", "crm", "fulfillment", "ledger", "kernel"})


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
    return Outcome.PARKED


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
    """Keep why an attempt failed; try again later, or park the event for a person."""
    is_dead = is_final or EVENT_RETRIES.is_over(event.attempts)
    name, words = type(error).__name__, scrubbed(error)
    event.move_fenced(
        EventState.DEAD if is_dead else EventState.FAILED,
        next_attempt_at=None if is_dead else now + EVENT_RETRIES.after(event.attempts),
        error_class=name,
        error=words,
        **sale,
    )
    outcome = Outcome.PARKED if is_dead else Outcome.FAILED
    _attempt(event, outcome, source=source, started_at=started_at, now=now, error=(name, words))
    if is_dead:
        raise_alert_about(
            kind=AlertKind.EVENT_DEAD,
            item=event.stripe_id,
            subject=event.stripe_id,
            mode=Mode(event.mode),
            now=now,
        )


def will_fail_again(error: Exception) -> bool:
    """Say whether an error lies in what is recorded, so that no later try fares better.

    What a person may mend (a mode, a version, a key) or time does (a lock, an answer that did not
    come) is not among it.
    """
    if isinstance(error, IntegrityError):
        return isinstance(error.__cause__, REFUSED_BY_RULE)
    return isinstance(error, NEVER)


def scrubbed(error: Exception) -> str:
    """Return what may be kept of an error: our own words, never a vendor's or a driver's.

    A database error quotes the row it choked on, and an SDK error the request; both can hold a
    name or an address. Our own exceptions are written to hold none, and neither do the names of
    our tables, columns, rules and functions.
    """
    if isinstance(error, DatabaseError):
        return _where_in_the_database(error)[:ERROR_CHARS_MAX]
    words = str(error) if _is_ours(type(error).__module__) else _where_in_our_code(error)
    return words[:ERROR_CHARS_MAX]


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in OURS


def _where_in_our_code(error: Exception) -> str:
    """Name the function of ours that an error came up in; "" where it was none."""
    frames = [frame for frame, _line in traceback.walk_tb(error.__traceback__)]
    for frame in reversed(frames):
        module = str(frame.f_globals.get("__name__", ""))
        if _is_ours(module):
            return f"in {module}.{frame.f_code.co_name}"
    return ""


def _where_in_the_database(error: DatabaseError) -> str:
    cause = error.__cause__
    if not isinstance(cause, psycopg.Error):
        return ""
    told = cause.diag
    named = [
        f"{what} {name}"
        for what, name in (
            ("table", told.table_name),
            ("column", told.column_name),
            ("rule", told.constraint_name),
        )
        if name
    ]
    if isinstance(cause, errors.RestrictViolation):  # in the words of our triggers
        named.append(told.message_primary or "")
    return ", ".join([type(cause).__name__, *named])


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
