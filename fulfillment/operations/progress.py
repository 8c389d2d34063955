"""How a run gets on: each step is one move along its table and one line of its history.

All join the caller's transaction and lock the run themselves (intake, then run; ``docs/rules.md``),
so a run that somebody else moved meanwhile raises IllegalMove and nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fulfillment.enums import RunEventKind, RunLimit, RunState
from fulfillment.models import AcquisitionRun, OrderIntake
from fulfillment.operations.history import by_whom, record_run_event
from fulfillment.operations.turns import stop_turn
from fulfillment.operations.withdrawing import withdraw_in_review
from fulfillment.policy import STEPS_MAX, TOKENS_MAX, WALL_S_MAX
from kernel.nudges import nudge_after_commit
from kernel.transitions import IllegalMove
from toolrouter import operations as toolrouter

# What one more try may use, beside what was used: a person who retries grants it.
_MORE: Final = {
    RunLimit.STEPS: ("steps_max", STEPS_MAX),
    RunLimit.TOKENS: ("tokens_max", TOKENS_MAX),
    RunLimit.WALL_TIME: ("wall_s_max", WALL_S_MAX),
}


def lock_run(reference: str) -> AcquisitionRun:
    """Return the run of that reference, held until COMMIT: first its intake, then itself.

    Whoever freezes the work takes the same two in the same order. Raises DoesNotExist.
    """
    known = AcquisitionRun.objects.only("intake_id").get(reference=reference)
    if known.intake_id is not None:
        OrderIntake.objects.select_for_update(no_key=True).get(pk=known.intake_id)
    return AcquisitionRun.objects.select_for_update(no_key=True).get(pk=known.pk)


def brief_given(run: AcquisitionRun, *, now: datetime) -> None:
    """Let planning begin: which company and question it is about is known."""
    _move(run, RunState.PLANNING, now=now)


def plan_submitted(run: AcquisitionRun, *, refs: Sequence[str], now: datetime) -> None:
    """Let the plan wait for an owner."""
    held = _move(run, RunState.AWAITING_PLAN_APPROVAL, now=now, idle_turns=0)
    record_run_event(held, kind=RunEventKind.PLAN_SUBMITTED, facts={}, refs=refs, now=now)


def plan_approved(
    run: AcquisitionRun, *, refs: Sequence[str], now: datetime, by_id: int | None = None
) -> None:
    """Let the work along the plan begin."""
    held = _move(run, RunState.RUNNING, now=now, idle_turns=0)
    record_run_event(
        held, kind=RunEventKind.PLAN_APPROVED, facts=by_whom(by_id), refs=refs, now=now
    )


def plan_refused(run: AcquisitionRun, *, refs: Sequence[str], now: datetime) -> None:
    """Let the agent plan again."""
    held = _move(run, RunState.PLANNING, now=now, idle_turns=0)
    record_run_event(held, kind=RunEventKind.PLAN_REFUSED, facts={}, refs=refs, now=now)


def deliverable_submitted(run: AcquisitionRun, *, refs: Sequence[str], now: datetime) -> None:
    """Let what was handed in wait for an owner's review."""
    held = _move(run, RunState.AWAITING_REVIEW, now=now, idle_turns=0)
    record_run_event(held, kind=RunEventKind.SUBMITTED, facts={}, refs=refs, now=now)


def sent_back(
    run: AcquisitionRun, *, refs: Sequence[str], now: datetime, by_id: int | None = None
) -> None:
    """Let the agent work on what was handed in. Why stands with the decision, ``refs`` name it.

    One that stands still goes on with it when it is resumed; one that is over stays so.
    """
    held = _back_to_work(run, now=now)
    record_run_event(held, kind=RunEventKind.SENT_BACK, facts=by_whom(by_id), refs=refs, now=now)


def released(
    run: AcquisitionRun, *, refs: Sequence[str], now: datetime, by_id: int | None = None
) -> None:
    """End the run: a person released its work."""
    held = _move(run, RunState.DELIVERED, now=now)
    record_run_event(held, kind=RunEventKind.RELEASED, facts=by_whom(by_id), refs=refs, now=now)
    toolrouter.end_work(held.reference, now=now)


def limit_reached(run: AcquisitionRun, which: RunLimit, *, now: datetime) -> None:
    """Let a run that reached one of its bounds wait for a person."""
    source = lock_run(run.reference).state
    held = _move(run, RunState.STUCK, now=now, interrupted=source, limit_reached=which)
    record_run_event(held, kind=RunEventKind.LIMIT_REACHED, facts={"limit": str(which)}, now=now)


def retry(run: AcquisitionRun, *, now: datetime, by_id: int) -> None:
    """Let a stuck run go on from its last good step, with room where a limit had stopped it.

    What was done stays done: the agent's calls are known by their keys. Past its deadline there is
    nothing to grant.
    """
    held = lock_run(run.reference)
    limit, source = held.limit_reached, held.interrupted
    if held.state != RunState.STUCK:
        raise IllegalMove(f"{held!r}: is not stuck")
    if limit == RunLimit.DEADLINE:
        raise IllegalMove(f"{held!r}: its deadline is past")
    more = {}
    if limit in _MORE:
        column, room = _MORE[RunLimit(limit)]
        more = {column: getattr(held, column) + room}
    held = _move(run, source, now=now, interrupted="", limit_reached="", idle_turns=0, **more)
    facts = {**by_whom(by_id), **({"limit": str(limit)} if limit else {})}
    record_run_event(held, kind=RunEventKind.RETRIED, facts=facts, now=now)


def pause(run: AcquisitionRun, *, now: datetime, by_id: int) -> None:
    """Let nobody work on it until somebody resumes it."""
    source = lock_run(run.reference).state
    if source == RunState.STUCK:
        raise IllegalMove(f"{run!r}: nothing goes on in it")
    held = _move(run, RunState.PAUSED, now=now, interrupted=source)
    record_run_event(held, kind=RunEventKind.PAUSED, facts=by_whom(by_id), now=now)
    stop_turn(held, now=now)
    toolrouter.freeze_grant(held.reference, now=now)


def resume(run: AcquisitionRun, *, now: datetime, by_id: int) -> None:
    """Let a paused run go on where it was interrupted."""
    held = lock_run(run.reference)
    if held.state != RunState.PAUSED:
        raise IllegalMove(f"{held!r}: is not paused")
    held = _move(run, held.interrupted, now=now, interrupted="")
    record_run_event(held, kind=RunEventKind.UNPAUSED, facts=by_whom(by_id), now=now)
    toolrouter.resume_grant(held.reference)


def stop(run: AcquisitionRun, *, now: datetime, by_id: int) -> None:
    """End the run without a result, because a person said so."""
    _end(run, RunState.STOPPED, RunEventKind.STOPPED, by_id=by_id, now=now)


def fail(run: AcquisitionRun, *, now: datetime) -> None:
    """End the run without a result: it cannot come to one."""
    _end(run, RunState.FAILED, RunEventKind.FAILED, by_id=None, now=now)


def _end(
    run: AcquisitionRun, to: RunState, kind: RunEventKind, *, by_id: int | None, now: datetime
) -> None:
    """End it: what waits for people in it is closed, and its grant is over, in this commit."""
    held = _move(run, to, now=now, interrupted="", frozen_from="")
    record_run_event(held, kind=kind, facts=by_whom(by_id), now=now)
    stop_turn(held, now=now)
    withdraw_in_review(held, now=now)
    toolrouter.resume_grant(held.reference)
    toolrouter.end_work(held.reference, now=now)


def _back_to_work(run: AcquisitionRun, *, now: datetime) -> AcquisitionRun:
    """Move the run from review to work, or what it remembers of before it was interrupted."""
    held = lock_run(run.reference)
    if held.state == RunState.AWAITING_REVIEW:
        return _move(run, RunState.RUNNING, now=now, idle_turns=0)
    for remembered in ("frozen_from", "interrupted"):
        if getattr(held, remembered) == RunState.AWAITING_REVIEW:
            held.write(**{remembered: RunState.RUNNING})
    run.refresh_from_db()
    return held


def _move(run: AcquisitionRun, to: str, *, now: datetime, **changes: object) -> AcquisitionRun:
    """Move the run and return it, held. ``run`` in the caller's memory says the same afterwards."""
    held = lock_run(run.reference)
    held.move(to, moved_at=now, **changes)
    run.refresh_from_db()
    nudge_after_commit("run.moved")
    return held
