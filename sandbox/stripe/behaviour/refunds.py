"""Giving money back: at once, after a while, or (sometimes) not after all."""

from typing import Final

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.behaviour.events import emit
from sandbox.stripe.shapes.balance import new_balance_transaction
from sandbox.stripe.shapes.cards import BY_NUMBER
from sandbox.stripe.shapes.errors import ApiError, bad_param
from sandbox.stripe.shapes.ids import random_text
from sandbox.stripe.shapes.money import formatted
from sandbox.stripe.shapes.refunds import new_refund

OUTCOMES: Final = ("succeeded", "pending", "fails_later")
FAILURE_REASONS: Final = ("expired_or_canceled_card", "lost_or_stolen_card", "unknown", "declined")


def refund_charge(
    context: RequestContext,
    charge: Doc,
    *,
    amount: int | None,
    reason: str | None,
    metadata: dict[str, str],
    outcome: str | None = None,
) -> Doc:
    """Refund a charge, wholly when ``amount`` is None. ``outcome`` overrules the card.

    Raises ApiError with Stripe's words when the charge does not give that much back.
    """
    amount = _refundable(charge, amount)
    outcome = outcome or BY_NUMBER[charge["_card"]].refund
    store = context.store
    refund = new_refund(
        now=context.now,
        charge=charge,
        amount=amount,
        reason=reason,
        metadata=metadata,
        status="pending" if outcome == "pending" else "succeeded",
    )
    store.add(refund)
    entry = _entry(context, refund, amount=-amount, kind="refund", category="refund")
    store.change(refund, balance_transaction=entry["id"])
    _add_to_charge(context, charge, amount)
    emit(context, "refund.created", refund)
    emit(context, "charge.refunded", charge)
    if outcome == "succeeded":
        _name_reference(context, refund)
    else:
        due_at = context.now_s + context.settings.delayed_payment_s
        verb = "succeed_refund" if outcome == "pending" else "fail_refund"
        store.schedule(verb, refund["id"], due_at=due_at)
    return refund


def succeed_refund(context: RequestContext, refund: Doc) -> Doc:
    """A pending refund arrives. Raises ApiError when it is not pending."""
    if refund["status"] != "pending":
        raise ApiError(400, f"Refund {refund['id']} is {refund['status']}, not pending.")
    context.store.change(refund, status="succeeded")
    context.store.unschedule("succeed_refund", refund["id"])
    _emit_updated(context, refund, previous={"status": "pending"})
    return refund


def fail_refund(
    context: RequestContext, refund: Doc, *, reason: str = "expired_or_canceled_card"
) -> Doc:
    """The bank sends a refund back: the money returns to the balance and to the charge."""
    _undo(context, refund, status="failed", failure_reason=reason)
    emit(context, "refund.failed", refund)
    return refund


def cancel_refund(context: RequestContext, refund: Doc) -> Doc:
    """Take back a refund that is still pending. Raises ApiError when it is not."""
    if refund["status"] != "pending":
        raise ApiError(
            400, f"You cannot cancel a refund in status {refund['status']}.", is_kept=True
        )
    _undo(context, refund, status="canceled", failure_reason=None)
    return refund


def _undo(context: RequestContext, refund: Doc, *, status: str, failure_reason: str | None) -> None:
    if refund["status"] not in {"pending", "succeeded"}:
        raise ApiError(400, f"Refund {refund['id']} is {refund['status']} already.")
    store, before = context.store, refund["status"]
    charge = store.get(refund["charge"])
    entry = _entry(
        context, refund, amount=refund["amount"], kind="refund_failure", category="refund_failure"
    )
    changes: Doc = {"status": status, "failure_balance_transaction": entry["id"]}
    if failure_reason is not None:
        changes["failure_reason"] = failure_reason
    store.change(refund, **changes)
    for verb in ("succeed_refund", "fail_refund"):
        store.unschedule(verb, refund["id"])
    store.change(
        charge, amount_refunded=charge["amount_refunded"] - refund["amount"], refunded=False
    )
    _emit_updated(context, refund, previous={"status": before})


def _name_reference(context: RequestContext, refund: Doc) -> None:
    """A moment later the network names the refund, so that the buyer can ask the bank for it."""
    before = refund["destination_details"]
    kind = before["type"]
    known = {**before[kind], "reference": random_text(23), "reference_status": "available"}
    context.store.change(refund, destination_details={**before, kind: known})
    _emit_updated(context, refund, previous={"destination_details": before})


def _emit_updated(context: RequestContext, refund: Doc, *, previous: Doc) -> None:
    emit(context, "refund.updated", refund, previous=previous)
    emit(context, "charge.refund.updated", refund, previous=previous)  # The older name, still sent.


def _refundable(charge: Doc, amount: int | None) -> int:
    if charge["status"] != "succeeded":
        raise ApiError(
            400, f"Charge {charge['id']} is not yet paid and cannot be refunded.", is_kept=True
        )
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise ApiError(
            400,
            f"Charge {charge['id']} has already been refunded.",
            code="charge_already_refunded",
            is_kept=True,
        )
    if charge.get("_is_charged_back"):
        raise ApiError(
            400,
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
            is_kept=True,
        )
    if amount is None:
        return int(left)
    if amount > left:
        currency = charge["currency"]
        raise bad_param(
            "amount",
            f"Refund amount ({formatted(amount, currency)}) is greater than unrefunded amount"
            f" on charge ({formatted(left, currency)})",
            code="amount_too_large",
        )
    return amount


def _add_to_charge(context: RequestContext, charge: Doc, amount: int) -> None:
    total = charge["amount_refunded"] + amount
    context.store.change(charge, amount_refunded=total, refunded=total == charge["amount"])


def _entry(context: RequestContext, refund: Doc, *, amount: int, kind: str, category: str) -> Doc:
    charge_kind = "payment_" if refund["charge"].startswith("py_") else ""
    return context.store.add(
        new_balance_transaction(
            now=context.now,
            amount=amount,
            currency=refund["currency"],
            source=refund["id"],
            kind=f"{charge_kind}{kind}",
            category=category,
            description=f"REFUND FOR CHARGE ({refund['charge']})",
            available_on=context.now,
        )
    )
