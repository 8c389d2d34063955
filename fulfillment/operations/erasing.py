"""Blanking what runs read about a person, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from approvals import operations as approvals
from approvals.enums import Why
from fulfillment.enums import DeliverableState, LookupState
from fulfillment.models import Brief, Deliverable, Lookup, Section, Source
from fulfillment.ports_web import Fault
from fulfillment.queries.briefs import briefs_of_runs
from fulfillment.queries.deliverables import deliverables_of_runs, sections_of_runs
from fulfillment.queries.sources import lookups_of_runs, sources_of_runs

_BLANK: Final = {"asked": "", "found": None, "found_salt": ""}


def erase_sources(run_refs: Sequence[str], *, now: datetime) -> list[str]:
    """Blank the words and bytes of pages that these runs read; return those sources."""
    refs = sources_of_runs(run_refs)
    held = Source.objects.select_for_update(no_key=True).filter(reference__in=refs)
    for source in held.order_by("pk"):
        source.write(
            url="",
            final_url="",
            title="",
            text="",
            text_salt="",
            excerpt="",
            body=None,
            emptied_at=source.emptied_at or now,
        )
    return refs


def erase_lookups(run_refs: Sequence[str], *, now: datetime) -> list[str]:
    """Blank what these runs looked up, and end what is under way; return those lookups.

    A worker that has one in hand writes nothing more.
    """
    refs = lookups_of_runs(run_refs)
    held = Lookup.objects.select_for_update(no_key=True).filter(reference__in=refs)
    for lookup in held.order_by("pk"):
        blanked = {"asked": "", "found": None, "found_salt": ""}
        if lookup.can_move(LookupState.FAILED):
            lookup.move(
                LookupState.FAILED,
                error=Fault.ERASED,
                next_attempt_at=None,
                ended_at=now,
                **blanked,
            )
        else:
            lookup.write(**blanked)
    return refs


def erase_sections(run_refs: Sequence[str]) -> list[str]:
    """Blank what these runs wrote; return those sections."""
    refs = sections_of_runs(run_refs)
    Section.objects.filter(reference__in=refs).update(content="", content_salt="")
    return refs


def erase_deliverables(run_refs: Sequence[str], *, now: datetime) -> list[str]:
    """Blank what these runs handed in; return those documents. One in review is withdrawn."""
    refs = deliverables_of_runs(run_refs)
    held = Deliverable.objects.select_for_update(no_key=True).filter(reference__in=refs)
    for deliverable in held.order_by("pk"):
        blanked = {"page": None, "pdf": None, "erased_at": now}
        if deliverable.can_move(DeliverableState.WITHDRAWN):
            approvals.close_for(deliverable.reference, why=Why.SUBJECT_GONE, now=now)
            deliverable.move(DeliverableState.WITHDRAWN, closed_at=now, **blanked)
        else:
            deliverable.write(**blanked)
    return refs


def erase_briefs(run_refs: Sequence[str]) -> list[str]:
    """Blank what was answered about the work of these runs; return those answers."""
    refs = briefs_of_runs(run_refs)
    Brief.objects.filter(reference__in=refs).update(company="", website="", question="", salt="")
    return refs
