"""Which row each ledger entry about people's data speaks of."""

from __future__ import annotations

from typing import Final

from ledger import rows
from ledger.rows import Row

# What an eraser says may stand for a person (kernel.erasure). Of a request that looked like spam
# nothing stays: its erasure is all that speaks of it.
ERASED: Final = (
    Row("crm_contact"),
    Row("revenue_order"),
    Row("revenue_stripewebhookevent", "own.stripe_id"),
    Row("revenue_stripewebhookevent", "'event:' || own.id"),  # of an odd id
    Row(
        "ledger_ledgerentry",
        "own.id = entry.id AND own.subject ~ '^trp_[0-9a-z]{26}$' AND own.subject",
    ),
)


def declare() -> None:
    """Say which row each of our entries speaks of. Called once, at start-up."""
    # What was revealed is a trace: a reference and no more.
    rows.declare("audit", {"personal_data.revealed": None, "personal_data.erased": ERASED})
