"""Which company and question a run is about, and which runs still wait to hear it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fulfillment.enums import RunState
from fulfillment.models import AcquisitionRun, Brief, Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefFacts:
    """An answer as pages show it; its words are empty once they were erased."""

    reference: str
    company: str
    website: str
    question: str
    given_as: str
    given_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRun:
    """A run that waits for its brief."""

    id: int
    run_ref: str
    deal_id: int


def newest_brief(run_id: int) -> BriefFacts | None:
    """Return the answer that counts, or None. One statement."""
    brief = Brief.objects.filter(run_id=run_id).order_by("-pk").first()
    if brief is None:
        return None
    return BriefFacts(
        reference=brief.reference,
        company=brief.company,
        website=brief.website,
        question=brief.question,
        given_as=brief.get_given_as_display(),
        given_at=brief.given_at,
    )


def takes_brief(run: AcquisitionRun) -> bool:
    """Say whether an answer is still read: until the agent's first turn. One statement at most."""
    if run.state == RunState.PLANNING:
        return not Turn.objects.filter(run=run).exists()
    return run.state == RunState.WAITING_FOR_BRIEF


def may_answer(run_id: int) -> bool:
    """Say the same of a run by its id. Two statements at most."""
    return takes_brief(AcquisitionRun.objects.get(pk=run_id))


def waiting_runs_of_deals(*, after_id: int, limit: int) -> Sequence[WaitingRun]:
    """Return runs without a brief whose order belongs to a deal, in order, past ``after_id``."""
    waiting = AcquisitionRun.objects.filter(
        state=RunState.WAITING_FOR_BRIEF, intake__deal_id__isnull=False, pk__gt=after_id
    )
    rows = waiting.order_by("pk").values_list("pk", "reference", "intake__deal_id")[:limit]
    return [WaitingRun(id=pk, run_ref=ref, deal_id=deal_id) for pk, ref, deal_id in rows]


def briefs_of_runs(run_refs: Sequence[str]) -> list[str]:
    """Return the answers about these runs whose words are still there. One statement."""
    kept = Brief.objects.filter(run__reference__in=run_refs).exclude(salt="")
    return list(kept.order_by("pk").values_list("reference", flat=True))
