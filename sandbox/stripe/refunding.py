"""Giving money back: at once, after a while, or (sometimes) not after all."""

from typing import Final

from sandbox.store import Doc
from sandbox.stripe.cards import BY_NUMBER
from sandbox.stripe.ids import random_text
from sandbox.stripe.money import in_words
from sandbox.stripe.outbox import emit
from sandbox.stripe.problems import Problem, bad_param
from sandbox.stripe.shapes.payment import new_balance_transaction
from sandbox.stripe.shapes.returns import new_refund
from sandbox.world import Moment

OUTCOMES: Final = ("succeeded", "pending", "fails_later")
FAILURE_REASONS: Final = ("expired_or_canceled_card", "lost_or_stolen_card", "unknown", "declined")


def refund_charge(
    moment: Moment,
    charge: Doc,
    *,
    amount: int | None,
    reason: str | None,
    metadata: dict[str, str],
    outcome: str | None = None,
) -> Doc:
    """Refund a charge, wholly when ``amount`` is None. ``outcome`` overrules the card's story.

    Raises Problem with Stripe's words when the charge does not give that much back.
    """
    amount = _refundable(charge, amount)
    story = outcome or BY_NUMBER[charge["_card"]].refund
    store = moment.store
    refund = new_refund(
        now=moment.now,
        charge=charge,
        amount=amount,
        reason=reason,
        metadata=metadata,
        status="pending" if story == "pending" else "succeeded",
    )
    store.add(refund)
    entry = _entry(moment, refund, amount=-amount, kind="refund", category="refund")
    store.change(refund, balance_transaction=entry["id"])
    _add_to_charge(moment, charge, amount)
    emit(moment, "refund.created", refund)
    emit(moment, "charge.refunded", charge)
    if story == "succeeded":
        _name_reference(moment, refund)
    else:
        due_at = moment.now_s + moment.settings.delayed_payment_s
        verb = "succeed_refund" if story == "pending" else "fail_refund"
        store.schedule(verb, refund["id"], due_at=due_at)
    return refund


def succeed_refund(moment: Moment, refund: Doc) -> Doc:
    """A pending refund arrives. Raises Problem when it is not pending."""
    if refund["status"] != "pending":
        raise Problem(400, f"Refund {refund['id']} is {refund['status']}, not pending.")
    moment.store.change(refund, status="succeeded")
    moment.store.unschedule("succeed_refund", refund["id"])
    _tell(moment, refund, previous={"status": "pending"})
    return refund


def fail_refund(moment: Moment, refund: Doc, *, reason: str = "expired_or_canceled_card") -> Doc:
    """The bank sends a refund back: the money returns to the balance and to the charge."""
    _undo(moment, refund, status="failed", failure_reason=reason)
    emit(moment, "refund.failed", refund)
    return refund


def cancel_refund(moment: Moment, refund: Doc) -> Doc:
    """Take back a refund that is still pending. Raises Problem when it is not."""
    if refund["status"] != "pending":
        raise Problem(
            400, f"You cannot cancel a refund in status {refund['status']}.", is_kept=True
        )
    _undo(moment, refund, status="canceled", failure_reason=None)
    return refund


def _undo(moment: Moment, refund: Doc, *, status: str, failure_reason: str | None) -> None:
    if refund["status"] not in {"pending", "succeeded"}:
        raise Problem(400, f"Refund {refund['id']} is {refund['status']} already.")
    store, before = moment.store, refund["status"]
    charge = store.get(refund["charge"])
    entry = _entry(
        moment, refund, amount=refund["amount"], kind="refund_failure", category="refund_failure"
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
    _tell(moment, refund, previous={"status": before})


def _name_reference(moment: Moment, refund: Doc) -> None:
    """A breath later the network names the refund, so that the buyer can ask the bank for it."""
    before = refund["destination_details"]
    kind = before["type"]
    known = {**before[kind], "reference": random_text(23), "reference_status": "available"}
    moment.store.change(refund, destination_details={**before, kind: known})
    _tell(moment, refund, previous={"destination_details": before})


def _tell(moment: Moment, refund: Doc, *, previous: Doc) -> None:
    emit(moment, "refund.updated", refund, previous=previous)
    emit(moment, "charge.refund.updated", refund, previous=previous)  # The older name, still sent.


def _refundable(charge: Doc, amount: int | None) -> int:
    if charge["status"] != "succeeded":
        raise Problem(
            400, f"Charge {charge['id']} is not yet paid and cannot be refunded.", is_kept=True
        )
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise Problem(
            400,
            f"Charge {charge['id']} has already been refunded.",
            code="charge_already_refunded",
            is_kept=True,
        )
    if charge.get("_is_charged_back"):
        raise Problem(
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
            f"Refund amount ({in_words(amount, currency)}) is greater than unrefunded amount"
            f" on charge ({in_words(left, currency)})",
            code="amount_too_large",
        )
    return amount


def _add_to_charge(moment: Moment, charge: Doc, amount: int) -> None:
    total = charge["amount_refunded"] + amount
    moment.store.change(charge, amount_refunded=total, refunded=total == charge["amount"])


def _entry(moment: Moment, refund: Doc, *, amount: int, kind: str, category: str) -> Doc:
    charge_kind = "payment_" if refund["charge"].startswith("py_") else ""
    return moment.store.add(
        new_balance_transaction(
            now=moment.now,
            amount=amount,
            currency=refund["currency"],
            source=refund["id"],
            kind=f"{charge_kind}{kind}",
            category=category,
            description=f"REFUND FOR CHARGE ({refund['charge']})",
            available_on=moment.now,
        )
    )
