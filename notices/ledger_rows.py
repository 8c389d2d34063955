"""Which rows the ledger entries of alerts speak of."""

from __future__ import annotations

from typing import Final

from ledger import rows
from ledger.rows import Row

ALERT: Final = Row("revenue_operatoralert")
AUDITED: Final = {
    "alert.assigned": ALERT,
    "alert.closed": ALERT,  # of 0.1, which knew no dismissal
    "alert.dismissed": ALERT,
    "alert.restored": ALERT,
    "alert.snoozed": ALERT,
    "alert.woken": ALERT,
}


def declare() -> None:
    """Say it. Called at start-up."""
    rows.declare("audit", AUDITED)
