"""The agent gets its next turns: what is promised earliest first, as many as it has lanes."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from fulfillment.enums import AT_WORK, RunEventKind, RunState, TurnPurpose, TurnState
from fulfillment.models import AcquisitionRun, RunEvent, Turn
from fulfillment.operations.history import record_run_event
from fulfillment.operations.progress import limit_reached, lock_run
from fulfillment.operations.turn_ends import used_by
from fulfillment.operations.turns import open_turn
from fulfillment.planning import Waiting, limit_of, next_runs
from kernel.modes import Mode
from toolrouter.queries import runs_with_open_calls, work_done

logger = logging.getLogger(__name__)
LOOKED_AT_MAX: Final = 1000
_AGAIN: Final = (RunEventKind.PLAN_REFUSED, RunEventKind.SENT_BACK)


def advance_runs(*, now: datetime) -> int:
    """Open as many turns as there are lanes without one; say how many were opened.

    A run in which a call waits for a person is left alone until that is decided. One that fails
    holds up no other.
    """
    if not settings.AGENT.url:
        return 0  # there is nobody to work
    free = settings.AGENT.lanes - Turn.objects.exclude(state=TurnState.ENDED).count()
    opened = 0
    for run_ref in next_runs(_waiting(), free=free):
        try:
            opened += _open(run_ref, now=now)
        except Exception:
            logger.exception("turn not opened", extra={"run": run_ref})
    return opened


def _waiting() -> list[Waiting]:
    has_turn = Turn.objects.filter(run=OuterRef("pk")).exclude(state=TurnState.ENDED)
    runs = AcquisitionRun.objects.filter(~Exists(has_turn), state__in=AT_WORK)
    rows = runs.exclude(mode=Mode.SAMPLE).order_by("due_at", "pk")[:LOOKED_AT_MAX]
    waiting = [
        Waiting(run_ref=run.reference, due_at=run.due_at, created_at=run.created_at) for run in rows
    ]
    with_people = runs_with_open_calls([run.run_ref for run in waiting])
    return [run for run in waiting if run.run_ref not in with_people]


def _open(run_ref: str, *, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        run = lock_run(run_ref)
        is_taken = Turn.objects.filter(run=run).exclude(state=TurnState.ENDED).exists()
        if run.state not in AT_WORK or is_taken:
            return False  # somebody was faster
        calls = work_done(run_ref, since=now).calls
        if limit := limit_of(used_by(run, calls=calls), now=now):
            limit_reached(run, limit, now=now)
            return False
        purpose = _purpose(run)
        turn_ref = open_turn(run, purpose=purpose, now=now)
        record_run_event(
            run,
            kind=RunEventKind.TURN_OPENED,
            facts={"purpose": str(purpose)},
            refs=[turn_ref],
            now=now,
        )
    return True


def _purpose(run: AcquisitionRun) -> TurnPurpose:
    """Return what the agent is to do: plan, work, or do again what a person did not accept."""
    moves = [RunEventKind.PLAN_SUBMITTED, RunEventKind.PLAN_APPROVED, RunEventKind.SUBMITTED]
    last = RunEvent.objects.filter(run=run, kind__in=[*moves, *_AGAIN]).order_by("-pk").first()
    if last is not None and last.kind in _AGAIN:
        return TurnPurpose.REVISE
    return TurnPurpose.PLAN if run.state == RunState.PLANNING else TurnPurpose.WORK
