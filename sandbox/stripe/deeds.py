"""What drills and the control page can do: the dashboard's and the banks' side of the story."""

from collections.abc import Callable, Mapping
from typing import Final

from sandbox.store import Doc
from sandbox.stripe.balance import pay_out
from sandbox.stripe.disputing import close_dispute, escalate, open_dispute, submit_evidence
from sandbox.stripe.endpoints import ensure_default_endpoint
from sandbox.stripe.expiring import expire_session
from sandbox.stripe.outbox import queue
from sandbox.stripe.params import Params
from sandbox.stripe.problems import Problem, missing_param, no_such
from sandbox.stripe.refunding import FAILURE_REASONS, OUTCOMES, fail_refund, refund_charge
from sandbox.stripe.refunding import succeed_refund as succeed
from sandbox.stripe.settling import settle_payment
from sandbox.stripe.visiting import link_by_slug, open_session_of_link
from sandbox.world import Moment

Deed = Callable[[Moment, Params], Doc]
DISPUTE_ACTIONS: Final = ("escalate", "submit_evidence", "win", "lose", "close")


def refund(moment: Moment, given: Params) -> Doc:
    """A refund made in the dashboard. ``outcome``: succeeded, pending or fails_later."""
    return refund_charge(
        moment,
        _charge(moment, given),
        amount=given.integer("amount", at_least=1),
        reason=given.text("reason"),
        metadata=given.metadata(),
        outcome=given.text("outcome", choices=OUTCOMES),
    )


def dispute(moment: Moment, given: Params) -> Doc:
    """Open a dispute on a charge, or move the named ``dispute`` on by ``action``."""
    dispute_id = given.text("dispute")
    if dispute_id is None:
        return open_dispute(
            moment,
            _charge(moment, given),
            reason=given.text("reason") or "fraudulent",
            amount=given.integer("amount", at_least=1),
            is_inquiry=given.flag("is_inquiry") or False,
        )
    found = _find(moment, dispute_id, "dispute")
    action = given.required_text("action", choices=DISPUTE_ACTIONS)
    is_fee_returned = given.flag("is_fee_returned") or False
    if action == "escalate":
        return escalate(moment, found)
    if action == "submit_evidence":
        return submit_evidence(moment, found)
    return close_dispute(moment, found, is_won=action == "win", is_fee_returned=is_fee_returned)


def settle(moment: Moment, given: Params) -> Doc:
    """Let a bank answer now: for a delayed payment or a refund, or for all that wait.

    ``succeeds`` overrules the card's own story.
    """
    succeeds = given.flag("succeeds")
    refund_id = given.text("refund")
    if refund_id is not None:
        return _settle_refund(moment, refund_id, succeeds=succeeds, given=given)
    intent_id = given.text("payment_intent")
    session_id = given.text("session")
    if session_id is not None:
        intent_id = _find(moment, session_id, "checkout.session")["payment_intent"]
    if intent_id is not None:
        return settle_payment(moment, intent_id, succeeds=succeeds)
    waiting = moment.store.rows("SELECT subject FROM jobs WHERE verb = 'settle_payment'")
    settled = [settle_payment(moment, row["subject"], succeeds=succeeds) for row in waiting]
    return {"object": "list", "data": settled}


def _settle_refund(moment: Moment, refund_id: str, *, succeeds: bool | None, given: Params) -> Doc:
    found = _find(moment, refund_id, "refund")
    reason = given.text("failure_reason", choices=FAILURE_REASONS)
    is_failing = moment.store.row(
        "SELECT 1 FROM jobs WHERE verb = 'fail_refund' AND subject = ?", (refund_id,)
    )
    if succeeds is False or (succeeds is None and is_failing is not None):
        return fail_refund(moment, found, reason=reason or "expired_or_canceled_card")
    return succeed(moment, found)


def expire(moment: Moment, given: Params) -> Doc:
    """Let an open session run out now."""
    session = _find(moment, given.required_text("session"), "checkout.session")
    if session["status"] != "open":
        raise Problem(400, f"The session is {session['status']}, not open.")
    return expire_session(moment, session)


def visit(moment: Moment, given: Params) -> Doc:
    """Open a payment link as a buyer's browser would; gives the session it makes."""
    wanted = given.required_text("payment_link")
    link = link_by_slug(moment, wanted.rpartition("/")[2])
    if link is None:
        raise no_such("payment_link", wanted, param="payment_link")
    if not link["active"]:
        raise Problem(400, "The payment link is not active.")
    return open_session_of_link(moment, link)


def resend(moment: Moment, given: Params) -> Doc:
    """Deliver an event again, to one endpoint or to all that were told before."""
    event = _find(moment, given.required_text("event"), "event")
    endpoint_id = given.text("endpoint")
    if endpoint_id is not None:
        endpoints = [_find(moment, endpoint_id, "webhook_endpoint")["id"]]
    else:
        rows = moment.store.rows("SELECT id FROM documents WHERE kind = 'webhook_endpoint'")
        endpoints = [row["id"] for row in rows]
    for each in endpoints:
        queue(moment, event_id=event["id"], endpoint_id=each)
    return event


def payouts(moment: Moment, given: Params) -> Doc:
    """Send money to the seller's bank; ``is_early`` also what would come in two days."""
    made = pay_out(moment, is_early=given.flag("is_early") or False)
    return {"object": "list", "data": made}


def reset(moment: Moment, _: Params) -> Doc:
    """Forget everything but the account's identity."""
    moment.store.wipe()
    ensure_default_endpoint(moment)
    return {"object": "sandbox", "reset": True}


def _charge(moment: Moment, given: Params) -> Doc:
    charge_id, intent_id = given.text("charge"), given.text("payment_intent")
    session_id = given.text("session")
    if session_id is not None:
        intent_id = _find(moment, session_id, "checkout.session")["payment_intent"]
    if intent_id is not None:
        charge_id = _find(moment, intent_id, "payment_intent")["latest_charge"]
    if charge_id is None:
        raise missing_param("charge")
    return _find(moment, charge_id, "charge")


def _find(moment: Moment, doc_id: str, kind: str) -> Doc:
    found = moment.store.find(doc_id, kind)
    if found is None:
        raise no_such(kind, doc_id)
    return found


def forget(moment: Moment, given: Params) -> Doc:
    """Lose one object, as an account whose test data was deleted: nobody knows its id any more."""
    found = _find(moment, given.required_text("id"), given.required_text("object"))
    moment.store.write("DELETE FROM documents WHERE id = ?", (found["id"],))
    return found


DEEDS: Final[Mapping[str, Deed]] = {
    "forget": forget,
    "refunds": refund,
    "disputes": dispute,
    "settle": settle,
    "expire": expire,
    "visit": visit,
    "resend": resend,
    "payouts": payouts,
    "reset": reset,
}
