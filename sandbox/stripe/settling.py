"""Delayed payments: the bank's answer comes after the session is complete."""

from sandbox.store import Doc
from sandbox.stripe.cards import BANK_REFUSAL, BY_NUMBER, Flow
from sandbox.stripe.outbox import emit
from sandbox.stripe.paying import settle_failure, settle_success
from sandbox.stripe.problems import Problem
from sandbox.world import Moment


def settle_payment(moment: Moment, intent_id: str, *, succeeds: bool | None = None) -> Doc:
    """Let the bank answer now, as the card number says or as told; return the session.

    Raises Problem when the payment waits for no bank.
    """
    store = moment.store
    intent = store.find(intent_id, "payment_intent")
    if intent is None or intent["status"] != "processing":
        raise Problem(400, f"{intent_id} is not waiting for a bank.")
    store.unschedule("settle_payment", intent_id)
    charge = store.get(intent["latest_charge"])
    card = BY_NUMBER[charge["_card"]]
    session = session_of(moment, intent_id)
    if succeeds if succeeds is not None else card.flow == Flow.ARRIVES_LATER:
        settle_success(moment, intent, charge)
        store.change(session, payment_status="paid")
        emit(moment, "checkout.session.async_payment_succeeded", session)
    else:
        settle_failure(moment, intent, charge, card.decline or BANK_REFUSAL)
        emit(moment, "checkout.session.async_payment_failed", session)
    return session


def session_of(moment: Moment, intent_id: str) -> Doc:
    """The session that a payment intent belongs to."""
    row = moment.store.row(
        "SELECT id FROM documents WHERE kind = 'checkout.session'"
        " AND json_extract(body, '$.payment_intent') = ?",
        (intent_id,),
    )
    if row is None:
        raise LookupError(f"{intent_id} belongs to no session")
    return moment.store.get(row["id"])
