"""The ledger's work that may lag."""

from __future__ import annotations

from typing import Final

from kernel.due_work import DueWork

UNSEALED: Final = DueWork(
    id="ledger.unsealed",
    words="ledger entries",
    oldest_due="SELECT recorded_at FROM ledger_ledgerentry"
    " WHERE id = (SELECT min(entry_id) FROM ledger_unsealedentry)",
    listed_at=("ledger", ""),
)
