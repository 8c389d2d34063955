"""Make anew what is derived: the sealer's list and the running balances."""

from __future__ import annotations

from django.db import connection, transaction

from ledger.models import SEALER_LOCK

_LIST = """
INSERT INTO ledger_unsealedentry (entry_id)
SELECT entry.id FROM ledger_ledgerentry entry
WHERE NOT EXISTS (SELECT FROM ledger_sealedentry sealed WHERE sealed.entry_id = entry.id)
ON CONFLICT DO NOTHING
"""
_SUMS = """
INSERT INTO ledger_balance (mode, account, currency, amount_minor)
SELECT entry.mode, leg.account, leg.currency, sum(leg.amount_minor)
FROM ledger_sealedentry sealed
JOIN ledger_ledgerentry entry ON entry.id = sealed.entry_id
JOIN ledger_posting leg ON leg.entry_id = entry.id
GROUP BY entry.mode, leg.account, leg.currency
"""


@transaction.atomic(durable=True)
def rebuild_derived() -> int:
    """List every unsealed entry for sealing and sum all sealed legs again.

    Returns how many entries were missing from the list. Waits for a sealer that is at work;
    history is not touched.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEALER_LOCK])
        cursor.execute(_LIST)
        entries_listed: int = cursor.rowcount
        cursor.execute("DELETE FROM ledger_balance")
        cursor.execute(_SUMS)
    return entries_listed
