"""What other apps may do to the ledger, inside their own transaction: append."""

from ledger.operations.audit import audit
from ledger.operations.record import KeyReused, RecordedEntry, ShapeRefused, Unbalanced, record
from ledger.operations.seed import seed_sample

__all__ = [
    "KeyReused",
    "RecordedEntry",
    "ShapeRefused",
    "Unbalanced",
    "audit",
    "record",
    "seed_sample",
]
