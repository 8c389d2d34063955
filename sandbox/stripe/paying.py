"""What happens when a buyer presses Pay: one transaction, then webhooks."""

from dataclasses import dataclass
from typing import Final

from sandbox.store import Doc
from sandbox.stripe.cards import Card, Decline, Flow
from sandbox.stripe.expiring import expire_if_due
from sandbox.stripe.outbox import emit
from sandbox.stripe.shapes.checkout import customer_details
from sandbox.stripe.shapes.payment import (
    billing_details,
    new_balance_transaction,
    new_charge,
    new_payment_intent,
    new_payment_method,
    outcome,
    payment_fee,
)
from sandbox.world import Moment

SESSION_PLACEHOLDER: Final = "{CHECKOUT_SESSION_ID}"


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
class Paid:
    """How it went. ``completed_event``: the one the redirect waits for."""

    session: Doc
    decline: Decline | None = None
    completed_event: str | None = None


def pay(moment: Moment, *, session_id: str, card: Card | None, buyer: Buyer) -> Paid:
    """Try to pay an open session. ``card`` is None only where nothing is due.

    Raises NotPayable, or LookupError for an unknown session.
    """
    with moment.store.transaction():
        session = expire_if_due(moment, moment.store.get(session_id))
        if session["status"] != "open":
            raise NotPayable(session["status"])
        if not _link_is_open(moment, session):
            raise NotPayable("inactive")
        details = customer_details(email=buyer.email, name=buyer.name, country=buyer.country)
        if card is None or session["amount_total"] == 0:
            return _complete(moment, session, details, payment_status="no_payment_required")
        intent, is_new = _intent(moment, session)
        charge = _attempt(moment, intent, card, buyer)
        if card.flow == Flow.DECLINES:
            return _declined(moment, session, intent, charge, card, is_new=is_new)
        status = "unpaid" if card.is_delayed else "paid"
        paid = _complete(moment, session, details, payment_status=status)
        if is_new:
            emit(moment, "payment_intent.created", _as_created(intent))
        if card.is_delayed:
            _start_waiting(moment, intent, charge)
        else:
            settle_success(moment, intent, charge)
            _plan_dispute(moment, charge, card)
        return paid


def settle_success(moment: Moment, intent: Doc, charge: Doc) -> None:
    """The money is there: charge, intent, and (a breath later) the balance transaction."""
    store = moment.store
    store.change(
        charge,
        status="succeeded",
        paid=True,
        captured=True,
        amount_captured=charge["amount"],
        receipt_url=f"{moment.settings.base_url}/receipts/{charge['id']}",
    )
    store.change(intent, status="succeeded", amount_received=intent["amount"], processing=None)
    emit(moment, "payment_intent.succeeded", intent)
    emit(moment, "charge.succeeded", charge)
    entry = store.add(
        new_balance_transaction(
            now=moment.now,
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
    emit(moment, "charge.updated", charge, previous={"balance_transaction": None})


def settle_failure(moment: Moment, intent: Doc, charge: Doc, decline: Decline) -> None:
    """The bank said no: the charge failed and the intent wants another method."""
    moment.store.change(
        charge,
        status="failed",
        failure_code=decline.code,
        failure_message=decline.message,
    )
    moment.store.change(
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
            "payment_method": moment.store.get(charge["payment_method"]),
            "type": "card_error",
        },
    )
    emit(moment, "charge.failed", charge)
    emit(moment, "payment_intent.payment_failed", intent)


def landing_url(session: Doc) -> str | None:
    """Where the buyer goes after paying, with the session's id filled in."""
    url: str | None = session["success_url"]
    return None if url is None else url.replace(SESSION_PLACEHOLDER, session["id"])


def _link_is_open(moment: Moment, session: Doc) -> bool:
    if session["payment_link"] is None:
        return True
    return bool(moment.store.get(session["payment_link"])["active"])


def _intent(moment: Moment, session: Doc) -> tuple[Doc, bool]:
    if session["payment_intent"] is not None:
        return moment.store.get(session["payment_intent"]), False
    wanted = session["_payment_intent_data"]
    intent = new_payment_intent(
        now=moment.now,
        amount=session["amount_total"],
        currency=session["currency"],
        metadata=wanted.get("metadata", {}),
        description=wanted.get("description"),
    )
    for name in ("statement_descriptor", "statement_descriptor_suffix", "receipt_email"):
        intent[name] = wanted.get(name)
    moment.store.add(intent)
    moment.store.change(session, payment_intent=intent["id"])
    return intent, True


def _attempt(moment: Moment, intent: Doc, card: Card, buyer: Buyer) -> Doc:
    billing = billing_details(email=buyer.email, name=buyer.name, country=buyer.country)
    method = moment.store.add(
        new_payment_method(
            now=moment.now,
            card=card,
            exp_month=buyer.exp_month,
            exp_year=buyer.exp_year,
            billing=billing,
        )
    )
    charge = new_charge(now=moment.now, intent=intent, method=method, card=card)
    charge["outcome"] = outcome(card)
    moment.store.add(charge)
    moment.store.change(intent, latest_charge=charge["id"], payment_method=method["id"])
    return charge


def _as_created(intent: Doc) -> Doc:
    return {
        **intent,
        "latest_charge": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }


def _declined(
    moment: Moment, session: Doc, intent: Doc, charge: Doc, card: Card, *, is_new: bool
) -> Paid:
    if card.decline is None:
        raise LookupError(f"{card.number} declines without saying why")
    if is_new:
        emit(moment, "payment_intent.created", _as_created(intent))
    settle_failure(moment, intent, charge, card.decline)
    return Paid(session=session, decline=card.decline)


def _complete(moment: Moment, session: Doc, details: Doc, *, payment_status: str) -> Paid:
    moment.store.change(
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
    moment.store.unschedule("expire_session", session["id"])
    event = emit(moment, "checkout.session.completed", session)
    if session["payment_link"] is not None:
        _count_against_link(moment, session["payment_link"])
    return Paid(session=session, completed_event=event["id"])


def _count_against_link(moment: Moment, link_id: str) -> None:
    link = moment.store.get(link_id)
    restrictions = link["restrictions"]
    if restrictions is None:
        return
    completed = restrictions["completed_sessions"]
    completed["count"] += 1
    moment.store.change(link, restrictions=restrictions)
    if completed["count"] >= completed["limit"] and link["active"]:
        moment.store.change(link, active=False)
        emit(moment, "payment_link.updated", link, previous={"active": True})


def _plan_dispute(moment: Moment, charge: Doc, card: Card) -> None:
    if card.dispute_reason is not None:
        due_at = moment.now_s + moment.settings.delayed_payment_s
        moment.store.schedule("open_dispute", charge["id"], due_at=due_at)


def _start_waiting(moment: Moment, intent: Doc, charge: Doc) -> None:
    moment.store.change(intent, status="processing", processing={"type": "us_bank_account"})
    emit(moment, "payment_intent.processing", intent)
    emit(moment, "charge.pending", charge)
    due_at = moment.now_s + moment.settings.delayed_payment_s
    moment.store.schedule("settle_payment", intent["id"], due_at=due_at)
