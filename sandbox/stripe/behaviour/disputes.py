"""Disputes: opened by a buyer's bank, moved on and closed by test control or by hand."""

from typing import Final

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.behaviour.events import emit
from sandbox.stripe.shapes.balance import fee, new_balance_transaction
from sandbox.stripe.shapes.disputes import new_dispute
from sandbox.stripe.shapes.errors import ApiError
from sandbox.stripe.shapes.money import DISPUTE_FEE_MINOR

REASONS: Final = (
    "bank_cannot_process",
    "check_returned",
    "credit_not_processed",
    "customer_initiated",
    "debit_not_authorized",
    "duplicate",
    "fraudulent",
    "general",
    "incorrect_account_details",
    "insufficient_funds",
    "noncompliant",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
)
OPEN: Final = (
    "needs_response",
    "under_review",
    "warning_needs_response",
    "warning_under_review",
)


def open_dispute(
    context: RequestContext,
    charge: Doc,
    *,
    reason: str = "fraudulent",
    amount: int | None = None,
    is_inquiry: bool = False,
) -> Doc:
    """Dispute a paid charge. An inquiry asks first and withdraws nothing.

    Raises ApiError when the charge cannot be disputed.
    """
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise ApiError(400, f"Charge {charge['id']} cannot be disputed (again).")
    if reason not in REASONS:
        raise ApiError(400, f"Reason must be one of {', '.join(REASONS)}.")
    left = charge["amount"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    if not 0 < amount <= charge["amount"]:
        raise ApiError(400, f"A dispute of {amount} does not fit the charge.")
    dispute = new_dispute(
        now=context.now, charge=charge, amount=amount, reason=reason, is_inquiry=is_inquiry
    )
    context.store.add(dispute)
    context.store.change(charge, disputed=True, _is_charged_back=not is_inquiry)
    emit(context, "charge.dispute.created", dispute)
    if not is_inquiry:
        _withdraw(context, dispute)
    return dispute


def escalate(context: RequestContext, dispute: Doc) -> Doc:
    """An inquiry becomes a chargeback: now the money is withdrawn."""
    _require(dispute, "warning_needs_response", "warning_under_review")
    before = dispute["status"]
    details = dispute["payment_method_details"]
    details["card"]["case_type"] = "chargeback"
    context.store.change(
        dispute,
        status="needs_response",
        is_charge_refundable=False,
        payment_method_details=details,
    )
    context.store.change(context.store.get(dispute["charge"]), _is_charged_back=True)
    emit(context, "charge.dispute.updated", dispute, previous={"status": before})
    _withdraw(context, dispute)
    return dispute


def submit_evidence(context: RequestContext, dispute: Doc) -> Doc:
    """The seller has answered; the bank looks at it."""
    _require(dispute, "needs_response", "warning_needs_response")
    before = dispute["status"]
    details = {**dispute["evidence_details"], "has_evidence": True, "submission_count": 1}
    context.store.change(
        dispute,
        status="warning_under_review" if before.startswith("warning") else "under_review",
        evidence_details=details,
    )
    emit(context, "charge.dispute.updated", dispute, previous={"status": before})
    return dispute


def close_dispute(
    context: RequestContext, dispute: Doc, *, is_won: bool, is_fee_returned: bool = False
) -> Doc:
    """The bank decides. A won dispute brings the money back; an inquiry just ends."""
    _require(dispute, *OPEN)
    before = dispute["status"]
    is_inquiry = before.startswith("warning")
    status = "warning_closed" if is_inquiry else ("won" if is_won else "lost")
    context.store.change(dispute, status=status, is_charge_refundable=is_inquiry)
    if status == "won":
        context.store.change(context.store.get(dispute["charge"]), _is_charged_back=False)
        _reinstate(context, dispute, is_fee_returned=is_fee_returned)
    emit(context, "charge.dispute.closed", dispute, previous={"status": before})
    return dispute


def _withdraw(context: RequestContext, dispute: Doc) -> None:
    cost = fee(DISPUTE_FEE_MINOR, dispute["currency"], "Dispute fee")
    _move(context, dispute, amount=-dispute["amount"], category="dispute", fees=(cost,))
    emit(
        context,
        "charge.dispute.funds_withdrawn",
        dispute,
        previous={"balance_transactions": []},
    )


def _reinstate(context: RequestContext, dispute: Doc, *, is_fee_returned: bool) -> None:
    before = list(dispute["balance_transactions"])
    back = (fee(-DISPUTE_FEE_MINOR, dispute["currency"], "Dispute fee returned"),)
    _move(
        context,
        dispute,
        amount=dispute["amount"],
        category="dispute_reversal",
        fees=back if is_fee_returned else (),
    )
    emit(
        context,
        "charge.dispute.funds_reinstated",
        dispute,
        previous={"balance_transactions": before},
    )


def _move(
    context: RequestContext, dispute: Doc, *, amount: int, category: str, fees: tuple[Doc, ...]
) -> None:
    word = "withdrawal" if amount < 0 else "reversal"
    entry = context.store.add(
        new_balance_transaction(
            now=context.now,
            amount=amount,
            currency=dispute["currency"],
            source=dispute["id"],
            kind="adjustment",
            category=category,
            description=f"Chargeback {word} for {dispute['charge']}",
            fees=fees,
            available_on=context.now,
        )
    )
    context.store.change(dispute, balance_transactions=[*dispute["balance_transactions"], entry])


def _require(dispute: Doc, *statuses: str) -> None:
    if dispute["status"] not in statuses:
        raise ApiError(400, f"Dispute {dispute['id']} is {dispute['status']}.")
