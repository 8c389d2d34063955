"""Entries against the rows that they speak of: whether what was sealed was ever true.

Sample rows, made to see the pages full, are left out: their mode is never added to another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from django.db import connection
from psycopg.sql import SQL, Identifier

from kernel.modes import Mode
from ledger import rows
from ledger.enums import EntryKind
from ledger.queries.verification.report import NAMED_MAX, Report
from ledger.queries.verification.snapshot import Work

_UNDECLARED: Final = """
SELECT 'entry_undeclared', entry.reference,
  concat(entry.kind, ' ', entry.event, ' is no entry that our code writes')
FROM ledger_ledgerentry entry
WHERE entry.mode <> %s AND NOT EXISTS (
  SELECT FROM unnest(%s::text[], %s::text[]) known (kind, event)
  WHERE known.kind = entry.kind AND known.event = entry.event)
"""
# An entry of no kind at all is undeclared anyway.
_LEGS_WITHOUT_ROW: Final = """
SELECT 'money_without_row', entry.reference,
  concat(entry.kind, ' ', entry.event, ' moves money, and entries of this kind never do')
FROM ledger_ledgerentry entry
WHERE entry.mode <> %s AND entry.kind = ANY(%s)
  AND EXISTS (SELECT FROM ledger_posting leg WHERE leg.entry_id = entry.id)
"""
_WITHOUT_ROW: Final = """
SELECT 'row_unknown', entry.reference,
  concat(entry.event, ' speaks of ', entry.subject, ', which is not there')
FROM ledger_ledgerentry entry
WHERE entry.mode <> %s AND entry.kind = %s AND entry.event = ANY(%s)
"""
_BOUNDED: Final = """
SELECT * FROM (
  SELECT *, row_number() OVER (PARTITION BY code) AS place, count(*) OVER (PARTITION BY code)
  FROM ({}) found (code, what, says)) numbered
WHERE place <= %s
"""


def compared_rows() -> Iterator[Work[Report]]:
    """Yield the comparisons, each a piece of work; those of the apps first: they take longest."""
    for comparison in rows.comparisons():
        yield partial(_read, comparison) if comparison.read else partial(_run, comparison.sql, [])
    sample, known = str(Mode.SAMPLE), rows.declared()
    kinds, events = [kind for kind, _ in known], [event for _, event in known]
    yield partial(_run, _UNDECLARED, [sample, kinds, events])
    unmoving = sorted(set(EntryKind.values) - set(rows.kinds_that_move_money()))
    yield partial(_run, _LEGS_WITHOUT_ROW, [sample, unmoving])
    for (kind, spoken_of), of_these in _by_row(known).items():
        yield partial(_run, _without_row(spoken_of), [sample, kind, of_these])


def compare_rows() -> Report:
    """Run every comparison on this connection, one after the other."""
    report = Report()
    for piece in compared_rows():
        report.merge(piece())
    return report


def _by_row(known: dict[tuple[str, str], rows.Rows]) -> dict[tuple[str, rows.Rows], list[str]]:
    grouped: dict[tuple[str, rows.Rows], list[str]] = defaultdict(list)
    for (kind, event), spoken_of in known.items():
        if spoken_of:
            grouped[kind, spoken_of].append(event)
    return grouped


def _without_row(spoken_of: rows.Rows) -> str:
    missing = [
        f" AND NOT EXISTS (SELECT FROM {SQL('{}').format(Identifier(row.table)).as_string()} own"
        f" WHERE {row.name} = entry.subject)"
        for row in spoken_of
    ]
    return _WITHOUT_ROW + "".join(missing)


def _read(comparison: rows.Comparison) -> Report:
    """Return what ``read`` finds in the rows of ``sql``, which are streamed. Flat memory."""
    report = Report()
    if comparison.read is None:
        raise TypeError(comparison.name)
    with connection.chunked_cursor() as cursor:
        cursor.execute(comparison.sql)
        for found in comparison.read(cursor):
            report.add(*found)
    return report


def _run(sql: str, values: Sequence[str | list[str]]) -> Report:
    """Return what ``sql`` found: all of it counted, of each sort some named. Flat memory."""
    report = Report()
    with connection.cursor() as cursor:
        cursor.execute(_BOUNDED.format(sql), [*values, NAMED_MAX])
        for code, what, says, place, total in cursor.fetchall():
            report.add(code, what, says)
            if place == NAMED_MAX:
                report.counts[code] += total - NAMED_MAX
    return report
