"""What a run may do: its grant, opened with it, or by migrate for runs that were there before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from fulfillment.models import AcquisitionRun
from kernel.modes import Mode
from kernel.money import Money
from toolrouter import operations as toolrouter
from toolrouter import queries as grants
from toolrouter.enums import RunKind

RUNS_AT_ONCE: Final = 500
UNFUNDED_IN: Final = "USD"  # the currency of a grant that no order funds


def grant_run(run: AcquisitionRun, *, subjects: Sequence[str], now: datetime) -> None:
    """Grant a run what it may do: in its project, about ``subjects``, until its deadline.

    The caller has locked its intake, where it has one; that is what it is funded with.
    """
    toolrouter.open_grant(
        run_ref=run.reference,
        kind=RunKind(run.kind),
        project_ref=run.project_ref,
        mode=run.mode,
        trace_ref=run.trace_ref,
        funded=run.intake.funded if run.intake else Money(0, UNFUNDED_IN),
        deadline=run.deadline,
        subjects=subjects,
        now=now,
    )


def open_missing_grants(*, now: datetime) -> int:
    """Grant each run that has none what it may do; say how many there were. Idempotent.

    Runs made before there were grants get theirs after a migrate. Sample runs get none: nobody
    acts in them.
    """
    opened = last_id = 0
    runs = AcquisitionRun.objects.exclude(mode=Mode.SAMPLE).select_related("intake").order_by("pk")
    while batch := list(runs.filter(pk__gt=last_id)[:RUNS_AT_ONCE]):
        last_id = batch[-1].pk
        granted = grants.runs_with_grant([run.reference for run in batch])
        with transaction.atomic():
            for run in batch:
                if run.reference not in granted:
                    intake = run.intake
                    grant_run(run, subjects=intake.subject_refs if intake else [], now=now)
                    if intake and intake.is_frozen:
                        toolrouter.freeze_grant(run.reference, now=intake.frozen_at or now)
                    opened += 1
    return opened
