"""Tables of ledger."""

from ledger.models.entries import (
    AuditEvent,
    Balance,
    LedgerEntry,
    Posting,
    SpendEvent,
    UnsealedEntry,
)
from ledger.models.seals import SEALER_LOCK, Seal, SealedEntry, SealKey

__all__ = [
    "SEALER_LOCK",
    "AuditEvent",
    "Balance",
    "LedgerEntry",
    "Posting",
    "Seal",
    "SealKey",
    "SealedEntry",
    "SpendEvent",
    "UnsealedEntry",
]
