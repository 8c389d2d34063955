"""Delayed payments: the bank's answer comes after the session is complete."""

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.behaviour.events import emit
from sandbox.stripe.behaviour.payments import settle_failure, settle_success
from sandbox.stripe.shapes.cards import BANK_REFUSAL, BY_NUMBER, Flow
from sandbox.stripe.shapes.errors import ApiError


def settle_payment(context: RequestContext, intent_id: str, *, succeeds: bool | None = None) -> Doc:
    """Let the bank answer now, as the card number says or as told; return the session.

    Raises ApiError when the payment waits for no bank.
    """
    store = context.store
    intent = store.find(intent_id, "payment_intent")
    if intent is None or intent["status"] != "processing":
        raise ApiError(400, f"{intent_id} is not waiting for a bank.")
    store.unschedule("settle_payment", intent_id)
    charge = store.get(intent["latest_charge"])
    card = BY_NUMBER[charge["_card"]]
    session = session_of(context, intent_id)
    if succeeds if succeeds is not None else card.flow == Flow.ARRIVES_LATER:
        settle_success(context, intent, charge)
        store.change(session, payment_status="paid")
        emit(context, "checkout.session.async_payment_succeeded", session)
    else:
        settle_failure(context, intent, charge, card.decline or BANK_REFUSAL)
        emit(context, "checkout.session.async_payment_failed", session)
    return session


def session_of(context: RequestContext, intent_id: str) -> Doc:
    """The session that a payment intent belongs to."""
    row = context.store.row(
        "SELECT id FROM documents WHERE kind = 'checkout.session'"
        " AND json_extract(body, '$.payment_intent') = ?",
        (intent_id,),
    )
    if row is None:
        raise LookupError(f"{intent_id} belongs to no session")
    return context.store.get(row["id"])
