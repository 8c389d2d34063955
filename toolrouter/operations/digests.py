"""What the entries of calls and receipts hold of their rows, column by column, as one digest.

``ledger_rows_of_calls`` makes it again in SQL. No column in it holds anybody's words: what was
asked is in it by its salted digest, what a read returned is not.
"""

from __future__ import annotations

from kernel.row_digests import digest, micros
from toolrouter.enums import CallState
from toolrouter.models import ProviderReceipt, ToolCall
from toolrouter.vocabulary import Risk


def call_digest(row: ToolCall, event: str) -> str:
    """Return the digest of a call as it is when ``event`` is written down."""
    has_result = event == CallState.DONE and row.risk != Risk.READ
    return digest(
        *(row.grant_id, row.credential_ref, row.project_ref, row.key, row.risk),
        *(row.asked_digest, micros(row.asked_at), row.facts, row.again_of_id),
        *(row.claim_facts, micros(row.deadline_at), list(row.codes)),
        [row.result, row.result_digest, list(row.result_refs)] if has_result else None,
    )


def receipt_digest(row: ProviderReceipt) -> str:
    """Return the digest of what was read of a provider's record."""
    return digest(
        *(row.provider, row.provider_ref, row.read_ref, row.read_live, row.read_key),
        *(list(row.differs), row.incident_id),
    )
