"""Tables of ledger."""

from ledger.models.entries import (
    AuditEvent,
    Balance,
    LedgerEntry,
    Posting,
    SpendEvent,
    UnsealedEntry,
)
from ledger.models.seals import Seal, SealedEntry, SealKey

__all__ = [
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
