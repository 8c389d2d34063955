"""Which rows the ledger entries of alerts and of mails to the team speak of."""

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
    "team_mail.sent_again": Row("notices_outgoingmail"),
}


def declare() -> None:
    """Say it. Called at start-up."""
    rows.declare("audit", AUDITED)
