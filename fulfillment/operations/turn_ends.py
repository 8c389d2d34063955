"""What follows from the end of a turn, by our own records alone: the agent's word proves nothing.

A turn after which the run stands where it stood, with nothing written and nothing to wait for, is
idle; a few of them in a row, or a bound of the run, and it waits for a person.
"""

from __future__ import annotations

from datetime import datetime

from fulfillment.enums import AT_WORK, RunEventKind, TurnStop
from fulfillment.models import AcquisitionRun, Source, Turn
from fulfillment.operations.history import record_run_event
from fulfillment.operations.progress import limit_reached, lock_run
from fulfillment.planning import Used, limit_of
from fulfillment.policy import IDLE_TURNS_MAX
from kernel.nudges import nudge_after_commit
from toolrouter.queries import WorkDone, work_done


def turn_ended(turn: Turn, *, now: datetime) -> None:
    """Count what the turn used and let the run go on, or wait for a person.

    In the transaction that ends the turn, which locks the run (``progress.lock_run``) before it.
    """
    run = lock_run(turn.run.reference)
    done = work_done(run.reference, since=turn.opened_at)
    seconds = max(0, int(((turn.ended_at or now) - (turn.sent_at or now)).total_seconds()))
    run.write(
        tokens_used=run.tokens_used + (turn.tokens or 0),
        wall_s_used=run.wall_s_used + seconds,
        idle_turns=_idle_turns(run, turn, done),
    )
    facts: dict[str, str | int] = {
        "purpose": str(turn.purpose),
        "outcome": str(turn.outcome),
        "tokens": turn.tokens or 0,
        "seconds": seconds,
    }
    record_run_event(run, kind=RunEventKind.TURN_ENDED, facts=facts, refs=[turn.reference], now=now)
    if run.state in AT_WORK and (limit := limit_of(used_by(run, calls=done.calls), now=now)):
        limit_reached(run, limit, now=now)
    nudge_after_commit("run.moved")


def used_by(run: AcquisitionRun, *, calls: int) -> Used:
    """Return what a run has used of its bounds."""
    return Used(
        steps=calls,
        steps_max=run.steps_max,
        tokens=run.tokens_used,
        tokens_max=run.tokens_max,
        wall_s=run.wall_s_used,
        wall_s_max=run.wall_s_max,
        idle_turns=run.idle_turns,
        idle_turns_max=IDLE_TURNS_MAX,
        deadline=run.deadline,
    )


def _idle_turns(run: AcquisitionRun, turn: Turn, done: WorkDone) -> int:
    """Return how many turns in a row brought nothing; one that a person stopped counts as none."""
    if turn.stop_reason == TurnStop.ASKED or done.is_open:
        return run.idle_turns
    has_read = Source.objects.filter(run=run, read_at__gte=turn.opened_at).exists()
    got_on = run.state not in AT_WORK or run.moved_at >= turn.opened_at
    return 0 if done.written or has_read or got_on else run.idle_turns + 1
