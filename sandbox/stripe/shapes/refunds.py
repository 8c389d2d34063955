"""The shape of refunds."""

from typing import Any

from sandbox.store import Doc
from sandbox.stripe.shapes.ids import new_id


def new_refund(
    *, now: int, charge: Doc, amount: int, reason: str | None, metadata: dict[str, str], status: str
) -> Doc:
    """Money on its way back to the buyer."""
    kind = "card" if charge["payment_method_details"]["type"] == "card" else "us_bank_transfer"
    details: dict[str, Any] = {"type": kind}
    details[kind] = (
        {"reference": None, "reference_status": "pending", "type": "refund"}
        if kind == "card"
        else {"reference": None, "reference_status": "pending"}
    )
    return {
        "id": new_id("refund", now=now),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "customer": None,
        "customer_account": None,
        "destination_details": details,
        "metadata": metadata,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }
