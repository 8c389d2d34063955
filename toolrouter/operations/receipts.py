"""The entry of a receipt, whether a provider's record was read or a person declared it."""

from __future__ import annotations

from datetime import datetime

from ledger import operations as ledger
from ledger.enums import EntryKind
from ledger.facts import FactValue
from toolrouter.models import ProviderReceipt
from toolrouter.operations.digests import receipt_digest


def enter_receipt(receipt: ProviderReceipt, *, now: datetime) -> None:
    """Append the entry that says when a receipt came to its state, and what it holds."""
    facts: dict[str, FactValue] = {
        "differs": len(receipt.differs),
        "row": receipt_digest(receipt),
    }
    if receipt.read_minor is not None:
        facts |= {"amount_minor": receipt.read_minor, "currency": receipt.read_currency}
    ledger.record(
        key=f"receipt.{receipt.state}:{receipt.reference}",
        kind=EntryKind.TOOL,
        event=f"receipt.{receipt.state}",
        subject=receipt.reference,
        refs=[receipt.call.reference],
        facts=facts,
        mode=receipt.mode,
        trace_ref=receipt.call.trace_ref,
        occurred_at=now,
        now=now,
    )
