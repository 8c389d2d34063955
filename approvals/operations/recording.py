"""What happened with a request, in the ledger: references, digests, numbers and times only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from approvals.models import ApprovalRequest
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
