"""The entries under the seals, and those that wait for one: hashed line by line."""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from itertools import combinations
from typing import Final

from django.db import connection

from ledger import content, merkle
from ledger.queries.verification.chain import Batch
from ledger.queries.verification.heads import LATE_AFTER
from ledger.queries.verification.report import Report

# OFFSET 0 makes the planner look each entry up by its id. Left to itself it reads the whole table
# for every span, because it takes lookups for dearer than they are.
_IN_ORDER: Final = """
FROM ledger_sealedentry sealed LEFT JOIN LATERAL (
  SELECT * FROM ledger_ledgerentry WHERE id = sealed.entry_id OFFSET 0) entry ON true
WHERE sealed.position BETWEEN %s AND %s ORDER BY sealed.position
"""
# The lines alone. One whose entry keeps another hash than the order does is none.
_LINES: Final = f"""
COPY (SELECT CASE WHEN entry.content_hash = sealed.content_hash THEN '{content.VERSION}' END,
  {content.COLUMNS_SQL.removeprefix(f"'{content.VERSION}',")} {_IN_ORDER}) TO STDOUT
"""
_HASHES: Final = """
SELECT string_agg(content_hash, '' ORDER BY position) FROM ledger_sealedentry
WHERE position BETWEEN %s AND %s
"""
_SEALED: Final = f"""
COPY (SELECT sealed.position, encode(sealed.content_hash, 'hex'), sealed.entry_id,
  encode(entry.content_hash, 'hex'), {content.COLUMNS_SQL} {_IN_ORDER}) TO STDOUT
"""
_UNSEALED: Final = f"""
COPY (SELECT encode(entry.content_hash, 'hex'), entry.recorded_at < %s, EXISTS (
    SELECT FROM ledger_unsealedentry due WHERE due.entry_id = entry.id), {content.COLUMNS_SQL}
FROM ledger_ledgerentry entry
LEFT JOIN ledger_sealedentry sealed ON sealed.entry_id = entry.id
WHERE sealed.entry_id IS NULL ORDER BY entry.id) TO STDOUT
"""  # noqa: S608  # constants only
MISSING: Final = b"\\N"  # how COPY writes NULL
LEGS_TRIED_MAX: Final = 40  # trying each pair of legs costs the third power of their number


def check_span(batches: Sequence[Batch]) -> Report:
    """Hash every entry that these seals cover, in order, and compare each root."""
    first, last = batches[0].first_position, batches[-1].last_position
    with connection.cursor() as cursor:
        with cursor.copy(_LINES, [first, last]) as rows:
            # Without the newline that COPY ends a row with.
            hashed = [sha256(content.LEAF + memoryview(row)[:-1]).digest() for row in rows]
        cursor.execute(_HASHES, [first, last])
        [(kept,)] = cursor.fetchall()
    if len(hashed) != last - first + 1 or b"".join(hashed) != kept:
        return _name_changes(batches)
    report = Report(entries_sealed=len(hashed))
    leaves = dict(enumerate(hashed, start=first))
    for batch in batches:
        _check_root(batch, leaves, report)
    return report


def _name_changes(batches: Sequence[Batch]) -> Report:
    """Look at each entry by itself: some are not what was sealed, or gone."""
    report = Report()
    first, last = batches[0].first_position, batches[-1].last_position
    leaves: dict[int, bytes] = {}
    expected = first
    with connection.cursor() as cursor, cursor.copy(_SEALED, [first, last]) as rows:
        for row in rows:
            place, sealed_hash, entry_id, entry_hash, line = bytes(row).split(b"\t", 4)
            line = line[:-1]  # the newline that COPY ends a row with
            position = int(place)
            if position != expected:
                _add_hole(report, expected, position - 1)
            expected = position + 1
            leaves[position] = leaf = unhexlify(sealed_hash)
            if sha256(content.LEAF + line).digest() != leaf or entry_hash != sealed_hash:
                _name_change(
                    report,
                    where=f"position {position}",
                    entry_id=entry_id.decode(),
                    line=line,
                    true_hash=sealed_hash,
                    stored_hash=entry_hash,
                )
            report.entries_sealed += 1
    if expected <= last:
        _add_hole(report, expected, last)
    for batch in batches:
        _check_root(batch, leaves, report)
    return report


def check_unsealed(*, now: datetime) -> Report:
    """Hash the entries that wait for a seal, and name those that wait too long."""
    report = Report()
    with connection.cursor() as cursor, cursor.copy(_UNSEALED, [now - LATE_AFTER]) as rows:
        for row in rows:
            entry_hash, is_late, is_listed, line = bytes(row).split(b"\t", 3)
            line = line[:-1]
            reference = _reference(line)
            report.entries_unsealed += 1
            if sha256(content.LEAF + line).hexdigest().encode() != entry_hash:
                _name_change(
                    report,
                    where="not yet sealed",
                    entry_id="",
                    line=line,
                    true_hash=entry_hash,
                    stored_hash=entry_hash,
                )
            if is_late == b"t":
                says = f"no seal covers it after {LATE_AFTER.seconds // 60} minutes"
                report.add("unsealed_too_long", reference, says)
            if is_listed != b"t":
                says = "it is not on the sealer's list: run seal_ledger --rebuild"
                report.add("not_listed", reference, says)
    return report


def _reference(line: bytes) -> str:
    return line.split(b"\t", 2)[1].decode()


def _add_hole(report: Report, first: int, last: int) -> None:
    name = f"position {first}" if first == last else f"positions {first} to {last}"
    report.add("hole", name, f"{last - first + 1} sealed entries are gone from the order")


def _check_root(batch: Batch, leaves: dict[int, bytes], report: Report) -> None:
    try:
        hashes = [
            leaves[position] for position in range(batch.first_position, batch.last_position + 1)
        ]
    except KeyError:
        return  # the hole is named already
    if not hashes or merkle.root(hashes) != batch.merkle_root:
        says = "the hashes kept for its entries do not lead to its root"
        report.add("root_differs", f"seal {batch.number}", says)


def _name_change(
    report: Report, *, where: str, entry_id: str, line: bytes, true_hash: bytes, stored_hash: bytes
) -> None:
    """Say as exactly as possible what happened to one entry."""
    if stored_hash == MISSING:
        report.add("entry_gone", where, f"the entry with id {entry_id} was deleted")
        return
    reference = _reference(line)
    if sha256(content.LEAF + line).hexdigest().encode() == true_hash:
        says = f"{where}: its own hash was rewritten; its content is as sealed"
        report.add("hash_rewritten", reference, says)
    elif (count := len(_legs(line))) > LEGS_TRIED_MAX:
        many = f"it has {count:,} legs, too many to say which were added"
        report.add("entry_changed", reference, f"{where}: it is not what was recorded; {many}")
    elif added := _added_legs(line, true_hash):
        says = f"{where}: a leg was added: {', '.join(added)}"
        report.add("leg_added", reference, says)
    else:
        report.add("entry_changed", reference, f"{where}: it is not what was recorded")


def _legs(line: bytes) -> list[str]:
    return line.decode().rpartition("\t")[2].partition(";")[2].split(",")


def _added_legs(line: bytes, true_hash: bytes) -> list[str]:
    """Return the one or two legs without which the entry would be what was sealed."""
    rest, legs = line.decode().rpartition("\t")[0], _legs(line)
    for count in (1, 2):
        for added in combinations(legs, count):
            kept = [leg for leg in legs if leg not in added]
            original = f"{rest}\t{len(kept)};{','.join(kept)}".encode()
            if content.content_hash(original).hex().encode() == true_hash:
                return list(added)
    return []
