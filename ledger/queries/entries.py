"""Entries: of a trace, of a subject, one, or page by page. No page counts a big table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, F, Func, OuterRef, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import JSONObject

from kernel.modes import Mode
from kernel.money import Money
from kernel.paging import Cursor, Page, page_of
from ledger.enums import EntryKind
from ledger.facts import StoredFact
from ledger.models import LedgerEntry, Posting

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
    actor: str  # who acted, by the reference that the people page shows; "" where nobody did
    about: str  # the subject, likewise where it is a person of ours

    @property
    def words(self) -> str:
        """Say ``order.paid`` as "Order paid"."""
        return in_words(self.event)


def in_words(name: str) -> str:
    """Say a name as people do: ``payment_booked`` as "Payment booked"."""
    words = name.replace(".", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def entries_of_trace(trace_ref: str) -> list[EntryRow]:
    """Return what the ledger knows of one sale, oldest first. 1 statement."""
    return _rows(LedgerEntry.objects.filter(trace_ref=trace_ref).order_by("id")[:TRACE_MAX])


def entries_of_subject(subject: str) -> list[EntryRow]:
    """Return what happened to one record, oldest first. 1 statement."""
    return _rows(LedgerEntry.objects.filter(subject=subject).order_by("id")[:TRACE_MAX])


def entries_of_events(
    events: Collection[str], *, mode: str, cursor: Cursor, size: int = PAGE_SIZE
) -> Page[EntryRow]:
    """Return a page of the audit entries that say one of ``events``, newest first. 2 statements."""
    audits = LedgerEntry.objects.filter(kind=EntryKind.AUDIT, mode=mode, event__in=events)
    page = page_of(audits.only("id"), cursor=cursor, limit=size)
    shown = LedgerEntry.objects.filter(id__in=[row.pk for row in page.rows]).order_by("-id")
    return Page(rows=_rows(shown), older_than=page.older_than, newer_than=page.newer_than)


def entry_row(reference: str) -> EntryRow | None:
    """Return one entry by its reference. 1 statement."""
    found = _rows(LedgerEntry.objects.filter(reference=reference)[:1])
    return found[0] if found else None


def entry_page(
    *,
    cursor: Cursor,
    kind: str = "",
    mode: str = "",
    trace_ref: str = "",
    account: str = "",
    size: int = PAGE_SIZE,
) -> Page[EntryRow]:
    """Return a page of entries, newest first. 2 statements, at any size of the ledger."""
    entries = LedgerEntry.objects.all()
    if trace_ref:
        entries = entries.filter(trace_ref=trace_ref)
    if account:
        entries = entries.filter(postings__account=account)
    is_narrow = bool(trace_ref or account)
    ids = _ids(entries, cursor=cursor, kind=kind, mode=mode, is_narrow=is_narrow, limit=size + 1)
    shown = sorted(ids[:size], reverse=True)
    has_more = len(ids) > size
    is_back = cursor.after is not None
    return Page(
        rows=_rows(LedgerEntry.objects.filter(id__in=shown).order_by("-id")),
        older_than=shown[-1] if shown and (has_more or is_back) else None,
        newer_than=shown[0] if shown and (has_more if is_back else cursor.before) else None,
    )


def _ids(
    entries: QuerySet[LedgerEntry],
    *,
    cursor: Cursor,
    kind: str,
    mode: str,
    is_narrow: bool,
    limit: int,
) -> list[int]:
    """Return the next ids of a kind or a mode, or both, from where the cursor stands.

    There is one index, (kind, mode, id). A kind without a mode is the newest of each of its four
    modes, and a mode without a kind the newest of each kind, so that a rare one is found at once.
    """
    order = "-id"
    if cursor.after is not None:
        entries, order = entries.filter(id__gt=cursor.after), "id"
    elif cursor.before is not None:
        entries = entries.filter(id__lt=cursor.before)
    if is_narrow or not (kind or mode):
        sought = {"kind": kind, "mode": mode}
        entries = entries.filter(**{name: value for name, value in sought.items() if value})
        return list(entries.order_by(order).values_list("id", flat=True)[:limit])
    pairs = product([kind] if kind else EntryKind.values, [mode] if mode else Mode.values)
    parts = [
        entries.filter(kind=one_kind, mode=one_mode)
        .order_by(order)
        .values_list("id", flat=True)[:limit]
        for one_kind, one_mode in pairs
    ]
    if len(parts) == 1:
        return list(parts[0])
    return list(parts[0].union(*parts[1:], all=True).order_by(order)[:limit])


def _rows(entries: QuerySet[LedgerEntry]) -> list[EntryRow]:
    """Read entries with their legs and positions. 1 statement."""
    legs = Posting.objects.filter(entry=OuterRef("pk")).order_by("account")
    leg = JSONObject(account="account", amount="amount_minor", currency="currency")
    with_all = entries.select_related("sealed").annotate(
        legs=ArraySubquery(legs.values(leg=leg)),
        actor_number=_user_number(KeyTextTransform("actor", "facts")),
        subject_number=_user_number(F("subject")),
        actor_ref=_user_reference("actor_number"),
        subject_ref=_user_reference("subject_number"),
    )
    return [
        _row(
            entry,
            entry.legs,
            actor=entry.actor_ref or str(entry.facts.get("actor", "")),
            about=entry.subject_ref or entry.subject,
        )
        for entry in with_all
    ]


def _user_number(text: Combinable) -> Func:
    """Return the number in ``user:1``; NULL in any other text."""
    return Func(
        text,
        template="substring(%(expressions)s from '^user:([0-9]{1,9})$')::bigint",
        output_field=BigIntegerField(),
    )


def _user_reference(number: str) -> Subquery:
    users = get_user_model()._default_manager.filter(pk=OuterRef(number))
    return Subquery(users.values("username")[:1])


def _row(
    entry: LedgerEntry, legs: Sequence[Mapping[str, Any]], *, actor: str, about: str
) -> EntryRow:
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
        legs=[(leg["account"], Money(leg["amount"], leg["currency"])) for leg in legs],
        position=sealed.position if sealed else None,
        actor=actor,
        about=about,
    )
