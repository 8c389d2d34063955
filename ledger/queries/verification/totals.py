"""What no single entry can tell: rows that belong to nothing, and the running balances."""

from __future__ import annotations

from typing import Final

from django.db import connection
from django.db.backends.utils import CursorWrapper

from ledger.queries.verification.report import NAMED_MAX, Report

_STRAY_LEGS: Final = """
SELECT leg.entry_id, leg.account FROM ledger_posting leg
WHERE NOT EXISTS (SELECT FROM ledger_ledgerentry entry WHERE entry.id = leg.entry_id)
LIMIT %s
"""
_BEYOND_SEALS: Final = """
SELECT min(position), max(position) FROM ledger_sealedentry
WHERE position > coalesce((SELECT max(last_position) FROM ledger_seal), 0)
"""
# Nearly all entries are sealed, so the few that wait are looked up. Of legs that belong to no entry
# there is no mode.
_BALANCES: Final = """
WITH waiting AS MATERIALIZED (
  SELECT entry.id FROM ledger_ledgerentry entry
  WHERE NOT EXISTS (SELECT FROM ledger_sealedentry sealed WHERE sealed.entry_id = entry.id))
SELECT mode, account, currency, coalesce(kept.amount_minor, 0), coalesce(summed.amount_minor, 0)
FROM ledger_balance kept FULL JOIN (
  SELECT entry.mode, leg.account, leg.currency,
    sum(leg.amount_minor) FILTER (WHERE waiting.id IS NULL) AS amount_minor
  FROM ledger_posting leg
  LEFT JOIN ledger_ledgerentry entry ON entry.id = leg.entry_id
  LEFT JOIN waiting ON waiting.id = leg.entry_id
  GROUP BY entry.mode, leg.account, leg.currency) summed USING (mode, account, currency)
WHERE mode IS NULL OR coalesce(kept.amount_minor, 0) <> coalesce(summed.amount_minor, 0)
"""


def check_legs() -> Report:
    """Compare the running balances with the sum of all sealed legs; name legs without an entry."""
    report = Report()
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES)
        differing = cursor.fetchall()
        if any(mode is None for mode, *_ in differing):
            _name_strays(cursor, report)
    for mode, account, currency, kept, summed in differing:
        if mode is not None:
            says = f"the running balance says {kept}, the sealed legs sum to {summed} {currency}"
            report.add("balance_differs", f"{account} ({mode})", says)
    return report


def _name_strays(cursor: CursorWrapper, report: Report) -> None:
    cursor.execute(_STRAY_LEGS, [NAMED_MAX])
    for entry_id, account in cursor.fetchall():
        says = f"a leg on {account} belongs to no entry"
        report.add("leg_without_entry", f"entry id {entry_id}", says)


def check_positions() -> Report:
    """Name positions under no seal."""
    report = Report()
    with connection.cursor() as cursor:
        cursor.execute(_BEYOND_SEALS)
        first, last = cursor.fetchone()
    if first is not None:
        says = "they are in the sealed order but under no seal"
        report.add("positions_without_seal", f"positions {first} to {last}", says)
    return report
