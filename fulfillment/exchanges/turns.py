"""A turn is handed to the runtime, asked after, stopped and cleared up: one step at a time.

Each step claims the turn with a lease, asks at most a few seconds outside of any transaction, and
writes what it heard with the lease's token. A turn is handed over once: where nobody knows whether
that worked it is looked for, never sent again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from fulfillment.enums import RuntimeState, TurnOutcome, TurnState, TurnStop
from fulfillment.models import RuntimeStatus, Turn
from fulfillment.operations.progress import lock_run
from fulfillment.operations.turn_ends import turn_ended
from fulfillment.policy import TOKENS_OF_A_TURN, TURN_LASTS
from fulfillment.ports import (
    Runtime,
    RuntimeAway,
    RuntimeBusy,
    RuntimeRefused,
    RuntimeUnsure,
    Status,
    Work,
)
from kernel.leases import LostLease
from toolrouter import operations as toolrouter
from toolrouter import queries as agents

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=30)
POLL: Final = timedelta(seconds=1)
RETRY: Final = timedelta(seconds=2)
CLEAR_RETRY: Final = timedelta(seconds=30)
SEEN_WITHIN: Final = timedelta(seconds=20)  # what was begun is known by its session after that
TURNS_AT_ONCE: Final = 50
LOST_AFTER: Final = timedelta(minutes=4)
CHECKED_WITHIN: Final = timedelta(minutes=1)
WORDS: Final = "Run {code}: call read_task first."
OUTCOMES: Final = {
    Work.COMPLETED: TurnOutcome.COMPLETED,
    Work.FAILED: TurnOutcome.FAILED,
    Work.CANCELLED: TurnOutcome.CANCELLED,
    Work.GONE: TurnOutcome.LOST,
}
_DOUBTS: Final = (RuntimeAway, RuntimeUnsure, RuntimeRefused)


def tend(turn_id: int, runtime: Runtime, *, clock: Callable[[], datetime]) -> bool:
    """Take the turn as far as it goes now; say whether it was ours to take.

    Somebody else may have it, or get it before we are done: then nothing of ours is written.
    """
    for _ in TurnState.values:  # no turn goes through more steps than there are states
        turn = Turn.objects.select_related("run").get(pk=turn_id)
        now = clock()
        is_due = turn.cleared_at is None and turn.next_attempt_at <= now
        if not is_due or not turn.take_lease(now=now, lease=LEASE):
            return False
        try:
            goes_on = _STEPS[turn.state](turn, runtime, now)
        except LostLease:
            logger.info("a turn is somebody else's now", extra={"turn": turn.reference})
            return False
        if not goes_on:
            return True
    return True


def _seat(turn: Turn, _runtime: Runtime, now: datetime) -> bool:
    """Bind a seat to its run, unless the runtime may have no work or none is free."""
    is_ready = RuntimeStatus.objects.filter(
        status=RuntimeState.READY, noted_at__gte=now - CHECKED_WITHIN
    ).exists()
    if is_ready and _may_work(turn, now):
        with transaction.atomic(durable=True):
            bound = toolrouter.bind_seat(turn.run.reference, now=now)
            if bound is not None:
                turn.move_fenced(
                    TurnState.SENDING,
                    lane=bound.lane,
                    binding_ref=bound.binding_ref,
                    deadline_at=now + TURN_LASTS,
                    next_attempt_at=now,
                    attempts=0,
                )
                return True
    turn.write_fenced(next_attempt_at=now + RETRY)
    return False


def _send(turn: Turn, runtime: Runtime, now: datetime) -> bool:
    """Hand it over. ``attempts``: one was begun, and nobody has said yet how it ended."""
    if turn.attempts:
        turn.move_fenced(TurnState.UNKNOWN, unknown_since=now, next_attempt_at=now)
        return True
    if turn.stop_reason or turn.deadline_at is None or now >= turn.deadline_at:
        _end(turn, TurnOutcome.NOT_SENT, is_over=True, now=now)
        return True
    ours = Turn.objects.filter(pk=turn.pk, lease_token=turn.lease_token)
    if not ours.update(attempts=1):
        raise LostLease(turn.reference)
    grant = agents.grant_of_run(turn.run.reference)
    words = WORDS.format(code=grant.run_code if grant else "")
    try:
        name = runtime.start(lane=turn.lane, session=turn.reference, words=words)
    except (RuntimeAway, RuntimeBusy):
        turn.write_fenced(attempts=0, next_attempt_at=now + RETRY)
    except RuntimeUnsure:
        turn.move_fenced(TurnState.UNKNOWN, unknown_since=now, next_attempt_at=now + RETRY)
    except RuntimeRefused as refusal:
        logger.warning("a turn was refused", extra={"turn": turn.reference, "code": refusal.code})
        _end(turn, TurnOutcome.NOT_SENT, is_over=True, now=now)
        return True
    else:
        turn.move_fenced(
            TurnState.RUNNING, runtime_id=name, sent_at=now, next_attempt_at=now + POLL
        )
    return False


def _ask(turn: Turn, runtime: Runtime, now: datetime) -> bool:
    """Ask how far it is; stop it at its bounds."""
    try:
        if reason := turn.stop_reason or _bound(turn, now):
            _have_stopped(turn, TurnStop(reason), runtime, now)
        status = runtime.status(turn.runtime_id, session=turn.reference, lane=turn.lane)
    except _DOUBTS:
        turn.move_fenced(TurnState.UNKNOWN, unknown_since=now, next_attempt_at=now + RETRY)
        return False
    return _heard(turn, status, now)


def _find(turn: Turn, runtime: Runtime, now: datetime) -> bool:
    """Look for one that nobody heard of: by its name, else by its session."""
    since = turn.unknown_since or now
    try:
        if turn.runtime_id:
            status = runtime.status(turn.runtime_id, session=turn.reference, lane=turn.lane)
            return _heard(turn, status, now)
        is_known = runtime.is_known(turn.reference, lane=turn.lane)
    except _DOUBTS:
        is_known = True  # for all that we know
    if not is_known and now - since >= SEEN_WITHIN:
        _end(turn, TurnOutcome.NOT_SENT, is_over=True, now=now)
        return True
    if now - since >= LOST_AFTER:
        _end(turn, TurnOutcome.LOST, is_over=False, now=now)
        return True
    turn.write_fenced(next_attempt_at=now + RETRY)
    return False


def _clear(turn: Turn, runtime: Runtime, now: datetime) -> bool:
    """Free its seat once the runtime works on it no more, and have what was said removed there."""
    try:
        if turn.runtime_id:
            status = runtime.status(turn.runtime_id, session=turn.reference, lane=turn.lane)
            if not status.work.is_over:
                runtime.stop(turn.runtime_id)
                turn.write_fenced(next_attempt_at=now + RETRY)
                return False
        elif turn.outcome == TurnOutcome.LOST and runtime.is_known(turn.reference, lane=turn.lane):
            turn.write_fenced(next_attempt_at=now + CLEAR_RETRY)  # it has no name to be stopped by
            return False
        runtime.forget(turn.reference, lane=turn.lane)
    except _DOUBTS:
        turn.write_fenced(next_attempt_at=now + CLEAR_RETRY)
        return False
    with transaction.atomic(durable=True):
        toolrouter.free_seat(turn.binding_ref, now=now)
        turn.write_fenced(cleared_at=now)
    return False


def _heard(turn: Turn, status: Status, now: datetime) -> bool:
    if status.work.is_over:
        _end(turn, OUTCOMES[status.work], is_over=True, tokens=status.tokens, now=now)
        return True
    tokens = turn.tokens if status.tokens is None else status.tokens
    if turn.state == TurnState.UNKNOWN:
        turn.move_fenced(TurnState.RUNNING, next_attempt_at=now + POLL, tokens=tokens)
    else:
        turn.write_fenced(next_attempt_at=now + POLL, tokens=tokens)
    return False


def _end(
    turn: Turn,
    outcome: TurnOutcome,
    *,
    is_over: bool,
    tokens: int | None = None,
    now: datetime,
) -> None:
    """End a turn that the caller has claimed, in one transaction with what follows for its run.

    ``is_over``: the runtime works on it no more, so its seat may serve another run. Otherwise the
    seat is closed, and stays taken until that is known.
    """
    with transaction.atomic(durable=True):
        lock_run(turn.run.reference)
        turn.move_fenced(
            TurnState.ENDED,
            outcome=outcome,
            ended_at=now,
            next_attempt_at=now,
            tokens=turn.tokens if tokens is None else tokens,
        )
        turn_ended(turn, now=now)
        if is_over:
            toolrouter.free_seat(turn.binding_ref, now=now)
        else:
            toolrouter.close_seat(turn.binding_ref, now=now)


def _bound(turn: Turn, now: datetime) -> TurnStop | None:
    """Return which of its bounds the turn has reached, if any."""
    if turn.deadline_at is not None and now >= turn.deadline_at:
        return TurnStop.TIME
    if not _may_work(turn, now):
        return TurnStop.ASKED
    if turn.tokens is not None and turn.tokens > TOKENS_OF_A_TURN:
        return TurnStop.TOKENS
    if agents.calls_made(turn.run.reference, since=turn.opened_at) >= turn.run.steps_max:
        return TurnStop.STEPS
    return None


def _have_stopped(turn: Turn, reason: TurnStop, runtime: Runtime, now: datetime) -> None:
    if not turn.stop_reason:
        ours = Turn.objects.filter(pk=turn.pk, lease_token=turn.lease_token, stop_reason="")
        ours.update(stop_reason=reason, stop_asked_at=now)
    runtime.stop(turn.runtime_id)


def _may_work(turn: Turn, now: datetime) -> bool:
    """Say whether nothing stands against every call of its run."""
    grant = agents.grant_of_run(turn.run.reference)
    if grant is None:
        return False
    safety = agents.safety_of(grant.id)
    stands = safety.stopped or safety.held or safety.is_frozen or safety.has_expired(now)
    return not stands


_STEPS: Final[dict[str, Callable[[Turn, Runtime, datetime], bool]]] = {
    TurnState.QUEUED: _seat,
    TurnState.SENDING: _send,
    TurnState.RUNNING: _ask,
    TurnState.UNKNOWN: _find,
    TurnState.ENDED: _clear,
}


def due_turns(*, now: datetime, limit: int = TURNS_AT_ONCE) -> list[int]:
    """Return the turns whose next step is due and that nobody works on, the longest due first."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    due = Turn.objects.filter(free, cleared_at__isnull=True, next_attempt_at__lte=now)
    return list(due.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:limit])


def tend_turns(runtime: Runtime, *, clock: Callable[[], datetime]) -> int:
    """Take every due turn a step further; return how many were ours to take.

    One that breaks holds up no other: it is logged, and tried again when its lease is over.
    """
    taken = 0
    for turn_id in due_turns(now=clock()):
        try:
            taken += tend(turn_id, runtime, clock=clock)
        except Exception:
            logger.exception("a turn could not be tended", extra={"turn": turn_id})
    return taken
