"""Append one entry, at most once per key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from kernel.failures import Permanent
from kernel.modes import Mode
from kernel.money import Money
from kernel.references import is_reference, new_reference
from ledger import content, rows, shapes
from ledger.enums import EntryKind
from ledger.facts import FactValue
from ledger.facts import check as checked

_INSERT_ENTRY = """
INSERT INTO ledger_ledgerentry (reference, key, kind, event, subject, refs, facts, mode,
  trace_ref, occurred_at, recorded_at, content_hash)
VALUES (%s, %s, %s, %s, %s, %s::varchar[], %s::jsonb, %s, %s, %s, %s, %s)
ON CONFLICT (key) DO NOTHING RETURNING id
"""
_INSERT_WITH_LEGS = f"""
WITH entry AS ({_INSERT_ENTRY}), legs AS (
  INSERT INTO ledger_posting (entry_id, account, amount_minor, currency)
  SELECT entry.id, leg.account, leg.amount_minor, leg.currency
  FROM entry, unnest(%s::text[], %s::bigint[], %s::text[]) AS leg (account, amount_minor, currency))
SELECT id FROM entry
"""  # noqa: S608  # constants only
_SELECT_EXISTING = f"""
SELECT id, reference, kind, event, subject, refs, facts::text, mode, trace_ref, {content.LEGS_SQL}
FROM ledger_ledgerentry entry WHERE key = %s
"""  # noqa: S608  # constants only


class KeyReused(Permanent):
    """The key names an entry with other content. A fact has one content; somebody must look."""


class Unbalanced(ValueError):
    """The legs do not sum to zero in each currency."""


class ShapeRefused(ValueError):
    """A text is no reference, word or path. The sentence names the field, never the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEntry:
    """The entry that stands under the key, and whether we wrote it."""

    entry_id: int
    reference: str
    is_new: bool


def record(
    *,
    key: str,
    kind: EntryKind,
    event: str,
    subject: str,
    refs: Sequence[str] = (),
    facts: Mapping[str, FactValue],
    mode: str,
    trace_ref: str,
    occurred_at: datetime,
    now: datetime,
    postings: Mapping[str, Money] | None = None,
) -> RecordedEntry:
    """Append one entry, at most once per ``key``, in the caller's transaction.

    ``key`` names the fact (``order.paid:ord_…``), never the attempt: a second call, also at the
    same moment from elsewhere, returns the first entry and appends nothing; the times of the first
    stand. ``postings`` maps accounts to signed money (debits positive). One SQL statement when
    new, two when not; no lock but that of the key.

    Raises KeyReused when the key stands with other content; Unbalanced, ShapeRefused,
    FactRefused and EventUndeclared before anything is written.
    """
    legs = dict(postings or {})
    _check_shapes(key=key, event=event, subject=subject, refs=refs, trace_ref=trace_ref, legs=legs)
    _check_times(occurred_at, now)
    _check_balance(legs)
    rows.check(kind=EntryKind(kind).value, event=event)
    reference = new_reference("led")
    fields: dict[str, Any] = {
        "reference": reference,
        "key": key,
        "kind": EntryKind(kind).value,
        "event": event,
        "subject": subject,
        "refs": list(refs),
        "facts": checked(kind=kind, facts=facts),
        "mode": Mode(mode).value,
        "trace_ref": trace_ref,
        "occurred_at": occurred_at,
        "recorded_at": now,
    }
    entry_id = _insert(fields, legs)
    if entry_id is not None:
        return RecordedEntry(entry_id=entry_id, reference=reference, is_new=True)
    return _existing(fields, legs)


def _insert(fields: Mapping[str, Any], legs: Mapping[str, Money]) -> int | None:
    """Write the entry and its legs in one statement; None when the key stands already."""
    text = content.line(**fields, postings=legs)
    values = [*fields.values(), content.content_hash(text)]
    values[6] = content.facts_text(fields["facts"])
    if legs:
        values += [
            list(legs),
            [money.amount_minor for money in legs.values()],
            [money.currency for money in legs.values()],
        ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_WITH_LEGS if legs else _INSERT_ENTRY, values)
        row = cursor.fetchone()
    return row[0] if row else None


def _existing(fields: Mapping[str, Any], legs: Mapping[str, Money]) -> RecordedEntry:
    """Return the entry under the key, if it says what we were about to say."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT_EXISTING, [fields["key"]])
        row = cursor.fetchone()
    if row is None:
        raise KeyReused(f"{fields['key']}: taken by a transaction that this one cannot see")
    entry_id, reference, *stands = row
    names = ("kind", "event", "subject", "refs", "facts", "mode", "trace_ref", "postings")
    ours = {**fields, "facts": content.facts_text(fields["facts"]),
            "postings": content.legs_text(legs)}  # fmt: skip
    differing = [name for name, was in zip(names, stands, strict=True) if was != ours[name]]
    if differing:
        raise KeyReused(f"{fields['key']} stands as {reference} with other {', '.join(differing)}")
    return RecordedEntry(entry_id=entry_id, reference=reference, is_new=False)


def _check_shapes(
    *,
    key: str,
    event: str,
    subject: str,
    refs: Sequence[str],
    trace_ref: str,
    legs: Mapping[str, Money],
) -> None:
    fits = {
        "key": shapes.is_key(key),
        "event": shapes.EVENT.fullmatch(event),
        "subject": shapes.is_ref(subject),
        "refs": not isinstance(refs, str) and all(shapes.is_ref(ref) for ref in refs),
        "trace_ref": trace_ref == "" or is_reference(trace_ref),
        "account": all(shapes.ACCOUNT.fullmatch(account) for account in legs),
    }
    if refused := [name for name, is_fit in fits.items() if not is_fit]:
        raise ShapeRefused(f"{event if fits['event'] else 'an entry'}: bad {', '.join(refused)}")


def _check_times(*moments: datetime) -> None:
    if any(moment.tzinfo is None for moment in moments):
        raise ShapeRefused("an entry's times need a time zone")


def _check_balance(legs: Mapping[str, Money]) -> None:
    totals: Counter[str] = Counter()
    for money in legs.values():
        totals[money.currency] += money.amount_minor
    if any(totals.values()):
        raise Unbalanced(f"legs sum to {dict(totals)}")
