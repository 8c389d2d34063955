"""What a run has asked for so far, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from toolrouter.enums import CallState
from toolrouter.models import ToolCall
from toolrouter.models.calls import OPEN
from toolrouter.vocabulary import Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkDone:
    """How many calls a run has made, what it has written lately, what is not settled."""

    calls: int
    written: int
    is_open: bool  # a person decides, or it is being done


def work_done(run_ref: str, *, since: datetime) -> WorkDone:
    """Count a run's calls, and what it got done by them ``since`` then. One statement."""
    lately = Q(state=CallState.DONE, closed_at__gte=since) & ~Q(risk=Risk.READ)
    counted = ToolCall.objects.filter(run_ref=run_ref).aggregate(
        calls=Count("pk"),
        written=Count("pk", filter=lately),
        waiting=Count("pk", filter=Q(state__in=OPEN)),
    )
    return WorkDone(
        calls=counted["calls"], written=counted["written"], is_open=counted["waiting"] > 0
    )


def runs_with_open_calls(run_refs: Sequence[str]) -> frozenset[str]:
    """Return those of the runs in which a call waits for a person or is under way."""
    waiting = ToolCall.objects.filter(run_ref__in=run_refs, state__in=OPEN)
    return frozenset(waiting.values_list("run_ref", flat=True))
