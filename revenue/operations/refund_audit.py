"""Who did what about a refund."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from ledger import operations as ledger
from revenue.models import ExcessSettlement, RefundPaidElsewhere, RefundRequest

RefundRecord: TypeAlias = RefundRequest | RefundPaidElsewhere | ExcessSettlement


def audit_refund(record: RefundRecord, *, event: str, actor_id: int | None, now: datetime) -> None:
    """Append once that ``event`` happened to ``record``, in the caller's transaction.

    ``actor_id`` is the person's user id; None the system itself.
    """
    order = record.order
    ledger.audit(
        actor_id=actor_id,
        event=event,
        subject=order.reference,
        refs=[record.reference],
        facts={"amount_minor": record.amount_minor, "currency": record.currency},
        mode=order.mode,
        trace_ref=order.trace_ref,
        key=f"{event}:{record.reference}",
        now=now,
    )
