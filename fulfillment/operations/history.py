"""A run's history: each line stands beside its entry in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from fulfillment.enums import RunEventKind
from fulfillment.models import AcquisitionRun, RunEvent
from kernel.references import new_reference
from ledger import operations as ledger
from ledger.enums import EntryKind


def record_run_event(
    run: AcquisitionRun,
    *,
    kind: RunEventKind,
    facts: Mapping[str, str | int],
    refs: Sequence[str] = (),
    now: datetime,
) -> None:
    """Append a line to the run's history and the matching entry to the ledger."""
    reference = new_reference("rne")
    key = f"{run.reference}:{kind}" if kind == RunEventKind.PLANNED else reference
    RunEvent.objects.create(
        reference=reference,
        key=key,
        run=run,
        kind=kind,
        mode=run.mode,
        facts=dict(facts),
        occurred_at=now,
    )
    ledger.record(
        key=f"run:{key}",
        kind=EntryKind.RUN,
        event=f"run.{kind}",
        subject=run.reference,
        refs=[reference, *refs],
        facts=facts,
        mode=run.mode,
        trace_ref=run.trace_ref,
        occurred_at=now,
        now=now,
    )


def by_whom(person_id: int | None) -> dict[str, str | int]:
    """Return the fact that says who did it: a person, or nobody of ours."""
    return {"actor": f"user:{person_id}" if person_id is not None else "system"}
