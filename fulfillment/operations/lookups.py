"""What a run wants from the web is written down, within its budget, in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import Sum

from fulfillment.enums import LookupKind, LookupState
from fulfillment.models import AcquisitionRun, Lookup, Source
from fulfillment.policy import LOOKUP_LASTS, LOOKUPS_MAX, SOURCE_BYTES_MAX
from kernel.nudges import nudge_after_commit
from kernel.references import new_reference

WANTED: Final = "lookup.wanted"
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


class NoRun(LookupError):
    """There is no such run."""


class OverBudget(Exception):
    """The run has looked up as much as it may."""


def want_lookup(*, run_ref: str, kind: LookupKind, asked: str, call_ref: str, now: datetime) -> str:
    """Write down what a run wants looked up, for a worker; return its reference.

    The same asked again is the same lookup, unless it failed. Raises NoRun, OverBudget.
    """
    run = AcquisitionRun.objects.filter(reference=run_ref).first()
    if run is None:
        raise NoRun(run_ref)
    with connection.cursor() as cursor:  # so that two last ones do not count the same budget
        cursor.execute(_ONE_AT_A_TIME, [f"fulfillment.lookup:{run.pk}"])
    asked_before = Lookup.objects.filter(run=run, kind=kind, asked=asked)
    if known := asked_before.exclude(state=LookupState.FAILED).first():
        return known.reference
    if _is_over_budget(run, kind):
        raise OverBudget(run_ref)
    lookup = Lookup(
        reference=new_reference("lku"),
        run=run,
        mode=run.mode,
        call_ref=call_ref,
        kind=kind,
        asked=asked,
        next_attempt_at=now,
        asked_at=now,
        deadline_at=now + LOOKUP_LASTS,
    )
    lookup.begin(LookupState.QUEUED)
    lookup.save(force_insert=True)
    nudge_after_commit(WANTED)
    return lookup.reference


def _is_over_budget(run: AcquisitionRun, kind: LookupKind) -> bool:
    if Lookup.objects.filter(run=run, kind=kind).count() >= LOOKUPS_MAX[kind]:
        return True
    read = Source.objects.filter(run=run).aggregate(bytes=Sum("size"))["bytes"] or 0
    return kind == LookupKind.FETCH and bool(read >= SOURCE_BYTES_MAX)
