"""What runs handed in, as other apps, pages and agents see it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from fulfillment.enums import DELIVERABLES, DeliverableKind, DeliverableState
from fulfillment.models import Deliverable, Section
from fulfillment.queries.sources import source_texts_of_run
from fulfillment.snapshots.page import policy_of
from fulfillment.snapshots.quoting import claims_of, quotes_of
from fulfillment.snapshots.schema import SECTION_NAMES, SECTIONS, SnapshotV1
from fulfillment.snapshots.schema import Section as SectionContent
from fulfillment.snapshots.sources import Pages, ReadPage
from kernel.state_words import OperatorWords

_BYTES: Final = ("page", "pdf")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverableRow:
    """A document of a run, without its bytes."""

    id: int
    reference: str
    run_ref: str
    order_id: int | None
    kind: str
    state: str
    mode: str
    trace_ref: str
    number: int
    section_refs: tuple[str, ...]
    page_sha256: str
    pdf_sha256: str
    is_edited: bool
    made_at: datetime
    closed_at: datetime | None
    wrong_at: datetime | None
    erased_at: datetime | None

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return DELIVERABLES[self.state]

    @property
    def kind_words(self) -> str:
        """Return what it is."""
        return str(DeliverableKind(self.kind).label)

    @property
    def is_in_review(self) -> bool:
        """Say whether an owner decides about it now."""
        return self.state == DeliverableState.IN_REVIEW


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPage:
    """The very bytes of a page, and the content security policy under which they are shown."""

    body: bytes
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionVersion:
    """One version of a section. ``content`` is None once it was erased."""

    reference: str
    name: str
    content: SectionContent | None
    written_by: str  # "" for the agent
    written_at: datetime


def _rows(found: QuerySet[Deliverable]) -> list[DeliverableRow]:
    chosen = found.select_related("run__intake").defer(*_BYTES)
    return [
        DeliverableRow(
            id=each.pk,
            reference=each.reference,
            run_ref=each.run.reference,
            order_id=each.run.intake.order_id if each.run.intake else None,
            kind=each.kind,
            state=each.state,
            mode=each.mode,
            trace_ref=each.trace_ref,
            number=each.number,
            section_refs=tuple(each.section_refs),
            page_sha256=each.page_sha256,
            pdf_sha256=each.pdf_sha256,
            is_edited=each.edited_by_id is not None,
            made_at=each.made_at,
            closed_at=each.closed_at,
            wrong_at=each.wrong_at,
            erased_at=each.erased_at,
        )
        for each in chosen.order_by("pk")
    ]


def deliverable_by_reference(reference: str) -> DeliverableRow | None:
    """Return the document of that reference, or None. One statement."""
    return next(iter(_rows(Deliverable.objects.filter(reference=reference))), None)


def deliverables_of_run(run_ref: str) -> list[DeliverableRow]:
    """Return what a run handed in, oldest first. One statement."""
    return _rows(Deliverable.objects.filter(run__reference=run_ref))


def deliverables_by_trace(trace_ref: str) -> list[DeliverableRow]:
    """Return what was handed in for one sale, oldest first. One statement."""
    return _rows(Deliverable.objects.filter(trace_ref=trace_ref))


def released_for_order(order_id: int) -> DeliverableRow | None:
    """Return the document that the order's buyer has; None before its release. One statement."""
    released = Deliverable.objects.filter(
        run__intake__order_id=order_id, state=DeliverableState.RELEASED
    )
    return next(iter(_rows(released)), None)


def page_of_document(reference: str) -> StoredPage | None:
    """Return the page of a document; None where there is none. One statement."""
    body = _column(reference, "page")
    return None if body is None else StoredPage(body=body, policy=policy_of(body))


def pdf_of_document(reference: str) -> bytes | None:
    """Return the PDF of a document; None where there is none. One statement."""
    return _column(reference, "pdf")


def _column(reference: str, column: str) -> bytes | None:
    found = Deliverable.objects.filter(reference=reference).values_list(column, flat=True).first()
    return None if found is None else bytes(found)


def newest_sections(run_id: int) -> dict[str, Section]:
    """Return the newest version of each section of a run, by name. One statement."""
    newest = Section.objects.filter(run_id=run_id).order_by("name", "-pk").distinct("name")
    return {section.name: section for section in newest}


def sections_of(refs: Sequence[str]) -> list[SectionVersion]:
    """Return these versions, in the order of the document. One statement."""
    found = Section.objects.filter(reference__in=refs).select_related("written_by")
    by_name = {each.name: each for each in found}
    return [
        SectionVersion(
            reference=each.reference,
            name=each.name,
            content=_content(each),
            written_by=each.written_by.get_full_name() or each.written_by.email
            if each.written_by
            else "",
            written_at=each.written_at,
        )
        for each in (by_name[name] for name in SECTION_NAMES if name in by_name)
    ]


def _content(section: Section) -> SectionContent | None:
    if not section.content:
        return None
    return SECTIONS[section.name].model_validate(json.loads(section.content))


def snapshot_of(sections: Iterable[Section]) -> SnapshotV1 | None:
    """Return the whole of these sections; None where one is missing or was erased."""
    contents = {each.name: _content(each) for each in sections}
    if set(contents) != set(SECTION_NAMES) or not all(contents.values()):
        return None
    return SnapshotV1.model_validate(contents)


def pages_of_run(run_ref: str) -> Pages:
    """Return the pages that a run read and may quote, by reference. One statement."""
    return {
        source.reference: ReadPage(
            reference=source.reference,
            url=source.final_url or source.url,
            title=source.title,
            text=source.text,
            read_at=source.read_at,
            published_on=source.published_on,
        )
        for source in source_texts_of_run(run_ref)
    }


def quoted_sources(contents: Iterable[SectionContent]) -> list[str]:
    """Return the sources that these sections quote, each once, as they are first quoted."""
    refs = (
        quote.source
        for content in contents
        for _, claim in claims_of(content)
        for quote in quotes_of(claim)
    )
    return list(dict.fromkeys(refs))


def sections_of_runs(run_refs: Sequence[str]) -> list[str]:
    """Return the sections of these runs whose words are still there."""
    found = Section.objects.filter(run__reference__in=run_refs).exclude(content="", content_salt="")
    return list(found.order_by("pk").values_list("reference", flat=True))


def deliverables_of_runs(run_refs: Sequence[str]) -> list[str]:
    """Return the documents of these runs whose bytes are still there."""
    with_bytes = Q(page__isnull=False) | Q(pdf__isnull=False)
    found = Deliverable.objects.filter(with_bytes, run__reference__in=run_refs)
    return list(found.order_by("pk").values_list("reference", flat=True))
