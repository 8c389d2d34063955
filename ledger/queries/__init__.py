"""What others may read of the ledger."""

from ledger.queries.balances import AccountBalance, balances
from ledger.queries.entries import (
    EntryRow,
    entries_of_events,
    entries_of_subject,
    entries_of_trace,
    entry_page,
    entry_row,
    in_words,
)
from ledger.queries.holders import Holder, sealer_held_up_by
from ledger.queries.outside import (
    NewestOutside,
    NotComparable,
    Pins,
    compared_heads,
    is_rotation_under_way,
    newest_outside,
    pins,
)
from ledger.queries.seals import (
    COUNT_MAX,
    InclusionProof,
    SealState,
    inclusion_proof,
    oldest_unsealed_at,
    published_keys,
    seal_state,
)
from ledger.queries.verification import Report, compare_rows

__all__ = [
    "COUNT_MAX",
    "AccountBalance",
    "EntryRow",
    "Holder",
    "InclusionProof",
    "NewestOutside",
    "NotComparable",
    "Pins",
    "Report",
    "SealState",
    "balances",
    "compare_rows",
    "compared_heads",
    "entries_of_events",
    "entries_of_subject",
    "entries_of_trace",
    "entry_page",
    "entry_row",
    "in_words",
    "inclusion_proof",
    "is_rotation_under_way",
    "newest_outside",
    "oldest_unsealed_at",
    "pins",
    "published_keys",
    "seal_state",
    "sealer_held_up_by",
]
