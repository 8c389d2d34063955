"""That the agent has a turn on a run: opened and stopped in the caller's transaction.

Handing it over, asking after it and ending it is ``exchanges.turns``; what follows from its end is
decided by whoever ends it.
"""

from __future__ import annotations

from datetime import datetime

from fulfillment.enums import TurnOutcome, TurnPurpose, TurnState, TurnStop
from fulfillment.models import AcquisitionRun, Turn
from kernel.nudges import nudge_after_commit
from kernel.references import new_reference

NUDGE = "turn.due"


def open_turn(run: AcquisitionRun, *, purpose: TurnPurpose, now: datetime) -> str:
    """Let the agent have a turn as soon as a seat is free; return its reference.

    The caller has locked the run and knows that it has no turn open: the database refuses another.
    """
    turn = Turn.objects.create(
        reference=new_reference("turn"),
        run=run,
        purpose=purpose,
        mode=run.mode,
        opened_at=now,
        next_attempt_at=now,
    )
    nudge_after_commit(NUDGE)
    return turn.reference


def stop_turn(run: AcquisitionRun, *, now: datetime) -> bool:
    """Have the run's open turn stopped; say whether there was one.

    One that nobody has begun to hand over ends at once, another one when the runtime says so.
    """
    rows = Turn.objects.filter(run=run).exclude(state=TurnState.ENDED)
    turn = rows.select_for_update(no_key=True).first()
    if turn is None:
        return False
    if turn.state == TurnState.QUEUED:
        turn.move_fenced(
            TurnState.ENDED,
            outcome=TurnOutcome.CANCELLED,
            stop_reason=TurnStop.ASKED,
            stop_asked_at=now,
            ended_at=now,
            cleared_at=now,
        )
    elif not turn.stop_reason:
        turn.stop_reason, turn.stop_asked_at = TurnStop.ASKED, now
        turn.next_attempt_at = min(turn.next_attempt_at, now)
        turn.save(update_fields=["stop_reason", "stop_asked_at", "next_attempt_at"])
        nudge_after_commit(NUDGE)
    return True
