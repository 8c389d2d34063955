"""Entries: of a trace, of a subject, one, or page by page. No page counts a big table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Final

from django.db.models import QuerySet

from kernel.modes import Mode
from kernel.money import Money
from ledger.enums import EntryKind
from ledger.facts import StoredFact
from ledger.models import LedgerEntry

PAGE_SIZE: Final = 50
TRACE_MAX: Final = 500  # entries of one sale; more would be a flood, not a sale


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """One entry as others see it: with its legs, and its place under the seals."""

    entry_id: int
    reference: str
    key: str
    kind: str
    event: str
    subject: str
    refs: Sequence[str]
    facts: Mapping[str, StoredFact]
    mode: str
    trace_ref: str
    occurred_at: datetime
    recorded_at: datetime
    content_hash: str
    legs: Sequence[tuple[str, Money]]
    position: int | None  # None while no seal covers it


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """Some entries, newest first, and where the next page begins."""

    rows: Sequence[EntryRow]
    older_than: str  # the reference to page on from; empty at the end


def entries_of_trace(trace_ref: str) -> list[EntryRow]:
    """Return what the ledger knows of one sale, oldest first. 2 statements."""
    return _rows(LedgerEntry.objects.filter(trace_ref=trace_ref).order_by("id")[:TRACE_MAX])


def entries_of_subject(subject: str) -> list[EntryRow]:
    """Return what happened to one record, oldest first. 2 statements."""
    return _rows(LedgerEntry.objects.filter(subject=subject).order_by("id")[:TRACE_MAX])


def entry_row(reference: str) -> EntryRow | None:
    """Return one entry by its reference. 2 statements."""
    found = _rows(LedgerEntry.objects.filter(reference=reference)[:1])
    return found[0] if found else None


def entry_page(
    *,
    kind: str = "",
    mode: str = "",
    trace_ref: str = "",
    account: str = "",
    older_than: str = "",
    size: int = PAGE_SIZE,
) -> EntryPage:
    """Return a page of entries, newest first. At most 4 statements, at any size of the ledger.

    ``older_than`` is the reference that the page before named; an unknown one gives no rows.
    """
    entries = LedgerEntry.objects.order_by("-id")
    if older_than:
        mark = LedgerEntry.objects.filter(reference=older_than).values_list("id", flat=True).first()
        entries = entries.filter(id__lt=mark or 0)
    if trace_ref:
        entries = entries.filter(trace_ref=trace_ref)
    if account:
        entries = entries.filter(postings__account=account)
    ids = _newest_ids(
        entries, kind=kind, mode=mode, is_narrow=bool(trace_ref or account), limit=size + 1
    )
    rows = _rows(LedgerEntry.objects.filter(id__in=ids[:size]).order_by("-id"))
    return EntryPage(rows=rows, older_than=rows[-1].reference if len(ids) > size else "")


def _newest_ids(
    entries: QuerySet[LedgerEntry], *, kind: str, mode: str, is_narrow: bool, limit: int
) -> list[int]:
    """Return the newest ids of a kind or a mode, or both.

    There is one index, (kind, mode, id). A kind without a mode is the newest of each of its four
    modes, and a mode without a kind the newest of each kind, so that a rare one is found at once.
    """
    if is_narrow or not (kind or mode):
        if kind:
            entries = entries.filter(kind=kind)
        if mode:
            entries = entries.filter(mode=mode)
        return list(entries.values_list("id", flat=True)[:limit])
    pairs = product([kind] if kind else EntryKind.values, [mode] if mode else Mode.values)
    parts = [
        entries.filter(kind=one_kind, mode=one_mode).values_list("id", flat=True)[:limit]
        for one_kind, one_mode in pairs
    ]
    if len(parts) == 1:
        return list(parts[0])
    return list(parts[0].union(*parts[1:], all=True).order_by("-id")[:limit])


def _rows(entries: QuerySet[LedgerEntry]) -> list[EntryRow]:
    found = entries.select_related("sealed").prefetch_related("postings")
    return [_row(entry) for entry in found]


def _row(entry: LedgerEntry) -> EntryRow:
    sealed = getattr(entry, "sealed", None)
    return EntryRow(
        entry_id=entry.pk,
        reference=entry.reference,
        key=entry.key,
        kind=entry.kind,
        event=entry.event,
        subject=entry.subject,
        refs=entry.refs,
        facts=entry.facts,
        mode=entry.mode,
        trace_ref=entry.trace_ref,
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        content_hash=bytes(entry.content_hash).hex(),
        legs=[
            (leg.account, Money(leg.amount_minor, leg.currency))
            for leg in sorted(entry.postings.all(), key=lambda leg: leg.account)
        ],
        position=sealed.position if sealed else None,
    )
