"""What happened with a request, in the ledger: references, digests, numbers and times only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from approvals.models import ApprovalRequest, StepUp
from kernel.row_digests import digest, micros
from ledger import operations as ledger
from ledger.enums import EntryKind
from ledger.facts import FactValue


def record(
    request: ApprovalRequest,
    event: str,
    *,
    now: datetime,
    facts: Mapping[str, FactValue] | None = None,
    refs: Sequence[str] = (),
    key: str = "",
) -> None:
    """Append one entry about ``request``; once for each event, or for each ``key``."""
    amount: dict[str, FactValue] = (
        {}
        if request.amount_minor is None
        else {"amount_minor": request.amount_minor, "currency": request.currency}
    )
    ledger.record(
        key=f"approval.{event}:{key or request.reference}",
        kind=EntryKind.APPROVAL,
        event=f"approval.{event}",
        subject=request.reference,
        refs=[request.subject_ref, *refs],
        facts={
            "fingerprint": request.fingerprint,
            "shown_digest": request.shown_digest,
            **amount,
            **(facts or {}),
        },
        mode=request.mode,
        trace_ref=request.trace_ref,
        occurred_at=now,
        now=now,
    )


def proof_digest(step_up: StepUp) -> str:
    """Return the digest of a challenge that was used, and of what answered it, column by column.

    ``ledger_rows`` makes it again in SQL.
    """
    return digest(
        *(step_up.request_id, step_up.person_id, step_up.shown_digest, step_up.session_digest),
        *(step_up.nonce, micros(step_up.asked_at), micros(step_up.used_at)),
        *(step_up.factor, step_up.evidence),
    )
