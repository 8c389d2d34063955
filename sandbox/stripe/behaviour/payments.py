"""What happens when a buyer presses Pay: one transaction, then webhooks."""

from dataclasses import dataclass
from typing import Final

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.behaviour.events import emit
from sandbox.stripe.behaviour.expiry import expire_if_due
from sandbox.stripe.shapes.balance import new_balance_transaction, payment_fee
from sandbox.stripe.shapes.cards import Card, Decline, Flow
from sandbox.stripe.shapes.checkout import customer_details
from sandbox.stripe.shapes.payment import (
    billing_details,
    new_charge,
    new_payment_intent,
    new_payment_method,
    outcome,
)

SESSION_PLACEHOLDER: Final = "{CHECKOUT_SESSION_ID}"
REDIRECT_WAITS_S: Final = 10.0  # Stripe's own patience with checkout.session.completed.


class NotPayable(Exception):
    """The session or its link no longer takes payments; ``reason`` is its status."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who pays, as typed on the page."""

    email: str
    name: str
    exp_month: int = 12
    exp_year: int = 2034
    country: str = "US"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentResult:
    """How it went. ``completed_event``: the one the redirect waits for."""

    session: Doc
    decline: Decline | None = None
    completed_event: str | None = None


def pay(
    context: RequestContext, *, session_id: str, card: Card | None, buyer: Buyer
) -> PaymentResult:
    """Try to pay an open session. ``card`` is None only where nothing is due.

    Raises NotPayable, or LookupError for an unknown session.
    """
    with context.store.transaction():
        session = expire_if_due(context, context.store.get(session_id))
        if session["status"] != "open":
            raise NotPayable(session["status"])
        if not _is_link_active(context, session):
            raise NotPayable("inactive")
        details = customer_details(email=buyer.email, name=buyer.name, country=buyer.country)
        if card is None or session["amount_total"] == 0:
            return _complete(context, session, details, payment_status="no_payment_required")
        intent, is_new = _intent(context, session)
        charge = _attempt(context, intent, card, buyer)
        if card.flow == Flow.DECLINES:
            return _declined(context, session, intent, charge, card, is_new=is_new)
        status = "unpaid" if card.is_delayed else "paid"
        result = _complete(context, session, details, payment_status=status)
        if is_new:
            emit(context, "payment_intent.created", _as_created(intent))
        if card.is_delayed:
            _await_bank(context, intent, charge)
        else:
            settle_success(context, intent, charge)
            _plan_dispute(context, charge, card)
        return result


def settle_success(context: RequestContext, intent: Doc, charge: Doc) -> None:
    """The money is there: charge, intent, and (a moment later) the balance transaction."""
    store = context.store
    store.change(
        charge,
        status="succeeded",
        paid=True,
        captured=True,
        amount_captured=charge["amount"],
        receipt_url=f"{context.settings.base_url}/receipts/{charge['id']}",
    )
    store.change(intent, status="succeeded", amount_received=intent["amount"], processing=None)
    emit(context, "payment_intent.succeeded", intent)
    emit(context, "charge.succeeded", charge)
    entry = store.add(
        new_balance_transaction(
            now=context.now,
            amount=charge["amount"],
            currency=charge["currency"],
            source=charge["id"],
            kind="payment" if charge["id"].startswith("py_") else "charge",
            category="charge",
            description=charge["description"],
            fees=(payment_fee(charge["amount"], charge["currency"]),),
        )
    )
    store.change(charge, balance_transaction=entry["id"])
    emit(context, "charge.updated", charge, previous={"balance_transaction": None})


def settle_failure(context: RequestContext, intent: Doc, charge: Doc, decline: Decline) -> None:
    """The bank said no: the charge failed and the intent wants another method."""
    context.store.change(
        charge,
        status="failed",
        failure_code=decline.code,
        failure_message=decline.message,
    )
    context.store.change(
        intent,
        status="requires_payment_method",
        payment_method=None,
        processing=None,
        last_payment_error={
            "advice_code": "try_again_later",
            "charge": charge["id"],
            "code": decline.code,
            "decline_code": decline.decline_code,
            "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
            "message": decline.message,
            "payment_method": context.store.get(charge["payment_method"]),
            "type": "card_error",
        },
    )
    emit(context, "charge.failed", charge)
    emit(context, "payment_intent.payment_failed", intent)


def return_url(session: Doc) -> str | None:
    """Where the buyer goes after paying, with the session's id filled in."""
    url: str | None = session["success_url"]
    return None if url is None else url.replace(SESSION_PLACEHOLDER, session["id"])


def _is_link_active(context: RequestContext, session: Doc) -> bool:
    if session["payment_link"] is None:
        return True
    return bool(context.store.get(session["payment_link"])["active"])


def _intent(context: RequestContext, session: Doc) -> tuple[Doc, bool]:
    if session["payment_intent"] is not None:
        return context.store.get(session["payment_intent"]), False
    wanted = session["_payment_intent_data"]
    intent = new_payment_intent(
        now=context.now,
        amount=session["amount_total"],
        currency=session["currency"],
        metadata=wanted.get("metadata", {}),
        description=wanted.get("description"),
    )
    for name in ("statement_descriptor", "statement_descriptor_suffix", "receipt_email"):
        intent[name] = wanted.get(name)
    context.store.add(intent)
    context.store.change(session, payment_intent=intent["id"])
    return intent, True


def _attempt(context: RequestContext, intent: Doc, card: Card, buyer: Buyer) -> Doc:
    billing = billing_details(email=buyer.email, name=buyer.name, country=buyer.country)
    method = context.store.add(
        new_payment_method(
            now=context.now,
            card=card,
            exp_month=buyer.exp_month,
            exp_year=buyer.exp_year,
            billing=billing,
        )
    )
    charge = new_charge(now=context.now, intent=intent, method=method, card=card)
    charge["outcome"] = outcome(card)
    context.store.add(charge)
    context.store.change(intent, latest_charge=charge["id"], payment_method=method["id"])
    return charge


def _as_created(intent: Doc) -> Doc:
    return {
        **intent,
        "latest_charge": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }


def _declined(
    context: RequestContext, session: Doc, intent: Doc, charge: Doc, card: Card, *, is_new: bool
) -> PaymentResult:
    if card.decline is None:
        raise LookupError(f"{card.number} declines without saying why")
    if is_new:
        emit(context, "payment_intent.created", _as_created(intent))
    settle_failure(context, intent, charge, card.decline)
    return PaymentResult(session=session, decline=card.decline)


def _complete(
    context: RequestContext, session: Doc, details: Doc, *, payment_status: str
) -> PaymentResult:
    context.store.change(
        session,
        status="complete",
        payment_status=payment_status,
        customer_details=details,
        collected_information={
            "business_name": None,
            "individual_name": None,
            "shipping_details": None,
        },
        url=None,
    )
    context.store.unschedule("expire_session", session["id"])
    event = emit(context, "checkout.session.completed", session)
    if session["payment_link"] is not None:
        _count_against_link(context, session["payment_link"])
    return PaymentResult(session=session, completed_event=event["id"])


def _count_against_link(context: RequestContext, link_id: str) -> None:
    link = context.store.get(link_id)
    restrictions = link["restrictions"]
    if restrictions is None:
        return
    completed = restrictions["completed_sessions"]
    completed["count"] += 1
    context.store.change(link, restrictions=restrictions)
    if completed["count"] >= completed["limit"] and link["active"]:
        context.store.change(link, active=False)
        emit(context, "payment_link.updated", link, previous={"active": True})


def _plan_dispute(context: RequestContext, charge: Doc, card: Card) -> None:
    if card.dispute_reason is not None:
        due_at = context.now_s + context.settings.delayed_payment_s
        context.store.schedule("open_dispute", charge["id"], due_at=due_at)


def _await_bank(context: RequestContext, intent: Doc, charge: Doc) -> None:
    context.store.change(intent, status="processing", processing={"type": "us_bank_account"})
    emit(context, "payment_intent.processing", intent)
    emit(context, "charge.pending", charge)
    due_at = context.now_s + context.settings.delayed_payment_s
    context.store.schedule("settle_payment", intent["id"], due_at=due_at)
