"""What runs looked up and read on the web, as other apps, pages and agents see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Q

from fulfillment.enums import SOURCES, LookupState, SourceState
from fulfillment.models import Lookup, Source
from fulfillment.ports_web import FAULT_WORDS, Fault
from kernel.state_words import OperatorWords

SOURCES_SHOWN_MAX: Final = 200
_WITH_WORDS: Final = ~Q(text_salt="") | Q(body__isnull=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source in a list: where it is from and when it was read, with the beginning of its text."""

    reference: str
    state: str
    url: str
    final_url: str
    title: str
    published_on: date | None
    read_at: datetime
    content_type: str
    sha256: str
    size: int
    excerpt: str
    codes: tuple[str, ...]
    released_by: str
    is_erased: bool

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return SOURCES[self.state]

    @property
    def is_released(self) -> bool:
        """Say whether its run is given its words."""
        return self.state == SourceState.RELEASED


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText(SourceRow):
    """A source with all of its text: what a claim's quote must occur in."""

    text: str


def _row_fields(source: Source) -> dict[str, Any]:
    return {
        "reference": source.reference,
        "state": source.state,
        "url": source.url,
        "final_url": source.final_url,
        "title": source.title,
        "published_on": source.published_on,
        "read_at": source.read_at,
        "content_type": source.content_type,
        "sha256": source.sha256,
        "size": source.size,
        "excerpt": source.excerpt,
        "codes": tuple(source.codes),
        "released_by": source.released_by.email if source.released_by else "",
        "is_erased": not source.text_salt,
    }


def sources_of_run(run_ref: str) -> list[SourceRow]:
    """Return what a run read, in the order in which it did. One statement, without the texts."""
    found = Source.objects.filter(run__reference=run_ref).defer("text", "body")
    found = found.select_related("released_by")
    return [SourceRow(**_row_fields(source)) for source in found.order_by("pk")[:SOURCES_SHOWN_MAX]]


def source_texts_of_run(run_ref: str, refs: Iterable[str] | None = None) -> list[SourceText]:
    """Return a run's released sources with their texts, all or those named; none of another run.

    What was erased is not among them. One statement.
    """
    found = Source.objects.filter(run__reference=run_ref, state=SourceState.RELEASED)
    found = found.exclude(text_salt="").defer("body").select_related("released_by")
    if refs is not None:
        found = found.filter(reference__in=list(refs))
    return [
        SourceText(**_row_fields(source), text=source.text)
        for source in found.order_by("pk")[:SOURCES_SHOWN_MAX]
    ]


def source_text(run_ref: str, reference: str) -> SourceText | None:
    """Return a released source of a run by its reference, with its stored text. One statement."""
    return next(iter(source_texts_of_run(run_ref, [reference])), None)


def sources_for_task(run_ref: str) -> list[dict[str, Any]]:
    """Return what ``read_task`` says of a run's sources: of a quarantined one no word of its own.

    The texts themselves are told by ``research_fetch``, asked for the same address again.
    """
    return [_for_task(row) for row in sources_of_run(run_ref) if not row.is_erased]


def _for_task(row: SourceRow) -> dict[str, Any]:
    told: dict[str, Any] = {
        "source": row.reference,
        "state": row.state,
        "url": row.url,
        "read_at": row.read_at.isoformat(timespec="seconds"),
    }
    if not row.is_released:
        return told
    told |= {"title": row.title, "excerpt": row.excerpt}
    if row.published_on:
        told["published_on"] = row.published_on.isoformat()
    return told


def run_of_source(source_ref: str) -> str | None:
    """Return the run that a source was read for, or None. One statement."""
    found = Source.objects.filter(reference=source_ref)
    return found.values_list("run__reference", flat=True).first()


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedLookup:
    """Something that could not be looked up for a run, and why."""

    asked: str
    why: str
    ended_at: datetime


def failed_lookups(run_ref: str) -> list[FailedLookup]:
    """Return what could not be looked up for a run, the newest first. One statement."""
    found = Lookup.objects.filter(run__reference=run_ref, state=LookupState.FAILED)
    rows = found.order_by("-pk").values_list("asked", "error", "ended_at")[:SOURCES_SHOWN_MAX]
    return [
        FailedLookup(asked=asked, why=FAULT_WORDS[Fault(error)], ended_at=ended_at)
        for asked, error, ended_at in rows
        if ended_at is not None
    ]


def sources_of_runs(run_refs: Sequence[str]) -> list[str]:
    """Return the sources of these runs whose words or bytes are still there."""
    found = Source.objects.filter(_WITH_WORDS, run__reference__in=run_refs)
    return list(found.order_by("pk").values_list("reference", flat=True))


def lookups_of_runs(run_refs: Sequence[str]) -> list[str]:
    """Return the lookups of these runs whose words are still there."""
    with_words = ~Q(asked="") | Q(found__isnull=False) | ~Q(found_salt="")
    found = Lookup.objects.filter(with_words, run__reference__in=run_refs)
    return list(found.order_by("pk").values_list("reference", flat=True))
