"""What people do in Stripe's dashboard and at the banks: buttons here, calls for tests."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.api.params import Params
from sandbox.stripe.behaviour.delayed_payments import settle_payment
from sandbox.stripe.behaviour.disputes import close_dispute, escalate, open_dispute, submit_evidence
from sandbox.stripe.behaviour.expiry import expire_session
from sandbox.stripe.behaviour.payment_links import link_by_slug, open_session_of_link
from sandbox.stripe.behaviour.payouts import pay_out
from sandbox.stripe.behaviour.refunds import (
    FAILURE_REASONS,
    OUTCOMES,
    fail_refund,
    refund_charge,
    succeed_refund,
)
from sandbox.stripe.behaviour.rendering import rendered
from sandbox.stripe.shapes.errors import ApiError, missing_param, no_such
from sandbox.stripe.shapes.money import minor_units
from sandbox.vendor import Action, Arguments
from sandbox.webhooks import queue_delivery

DISPUTE_ACTIONS: Final = ("escalate", "submit_evidence", "win", "lose", "close")


def refund(context: RequestContext, given: Params) -> Doc:
    """A refund made in the dashboard. ``outcome``: succeeded, pending or fails_later."""
    return refund_charge(
        context,
        _charge(context, given),
        amount=given.integer("amount", at_least=1),
        reason=given.text("reason"),
        metadata=given.metadata(),
        outcome=given.text("outcome", choices=OUTCOMES),
    )


def dispute(context: RequestContext, given: Params) -> Doc:
    """Open a dispute on a charge, or move the named ``dispute`` on by ``action``."""
    dispute_id = given.text("dispute")
    if dispute_id is None:
        return open_dispute(
            context,
            _charge(context, given),
            reason=given.text("reason") or "fraudulent",
            amount=given.integer("amount", at_least=1),
            is_inquiry=given.flag("is_inquiry") or False,
        )
    found = _find(context, dispute_id, "dispute")
    action = given.required_text("action", choices=DISPUTE_ACTIONS)
    is_fee_returned = given.flag("is_fee_returned") or False
    if action == "escalate":
        return escalate(context, found)
    if action == "submit_evidence":
        return submit_evidence(context, found)
    return close_dispute(context, found, is_won=action == "win", is_fee_returned=is_fee_returned)


def settle(context: RequestContext, given: Params) -> Doc:
    """Let a bank answer now: for a delayed payment or a refund, or for all that wait.

    ``succeeds`` overrules the card.
    """
    succeeds = given.flag("succeeds")
    refund_id = given.text("refund")
    if refund_id is not None:
        return _settle_refund(context, refund_id, succeeds=succeeds, given=given)
    intent_id = given.text("payment_intent")
    session_id = given.text("session")
    if session_id is not None:
        intent_id = _find(context, session_id, "checkout.session")["payment_intent"]
    if intent_id is not None:
        return settle_payment(context, intent_id, succeeds=succeeds)
    waiting = context.store.rows("SELECT subject FROM jobs WHERE verb = 'settle_payment'")
    settled = [settle_payment(context, row["subject"], succeeds=succeeds) for row in waiting]
    return {"object": "list", "data": settled}


def _settle_refund(
    context: RequestContext, refund_id: str, *, succeeds: bool | None, given: Params
) -> Doc:
    found = _find(context, refund_id, "refund")
    reason = given.text("failure_reason", choices=FAILURE_REASONS)
    is_failing = context.store.row(
        "SELECT 1 FROM jobs WHERE verb = 'fail_refund' AND subject = ?", (refund_id,)
    )
    if succeeds is False or (succeeds is None and is_failing is not None):
        return fail_refund(context, found, reason=reason or "expired_or_canceled_card")
    return succeed_refund(context, found)


def expire(context: RequestContext, given: Params) -> Doc:
    """Let an open session run out now."""
    session = _find(context, given.required_text("session"), "checkout.session")
    if session["status"] != "open":
        raise ApiError(400, f"The session is {session['status']}, not open.")
    return expire_session(context, session)


def visit(context: RequestContext, given: Params) -> Doc:
    """Open a payment link as a buyer's browser would; gives the session it makes."""
    wanted = given.required_text("payment_link")
    link = link_by_slug(context, wanted.rpartition("/")[2])
    if link is None:
        raise no_such("payment_link", wanted, param="payment_link")
    if not link["active"]:
        raise ApiError(400, "The payment link is not active.")
    return open_session_of_link(context, link)


def resend(context: RequestContext, given: Params) -> Doc:
    """Deliver an event again, to one endpoint or to all."""
    event = _find(context, given.required_text("event"), "event")
    endpoint_id = given.text("endpoint")
    if endpoint_id is not None:
        endpoints = [_find(context, endpoint_id, "webhook_endpoint")["id"]]
    else:
        rows = context.store.rows("SELECT id FROM documents WHERE kind = 'webhook_endpoint'")
        endpoints = [row["id"] for row in rows]
    for each in endpoints:
        queue_delivery(context, event_id=event["id"], endpoint_id=each)
    return event


def payouts(context: RequestContext, given: Params) -> Doc:
    """Send money to the seller's bank; ``is_early`` also what would come in two days."""
    made = pay_out(context, is_early=given.flag("is_early") or False)
    return {"object": "list", "data": made}


def forget(context: RequestContext, given: Params) -> Doc:
    """Lose one object, as an account whose test data was deleted: nobody knows its id any more."""
    found = _find(context, given.required_text("id"), given.required_text("object"))
    context.store.write("DELETE FROM documents WHERE id = ?", (found["id"],))
    return found


def _charge(context: RequestContext, given: Params) -> Doc:
    charge_id, intent_id = given.text("charge"), given.text("payment_intent")
    session_id = given.text("session")
    if session_id is not None:
        intent_id = _find(context, session_id, "checkout.session")["payment_intent"]
    if intent_id is not None:
        charge_id = _find(context, intent_id, "payment_intent")["latest_charge"]
    if charge_id is None:
        raise missing_param("charge")
    return _find(context, charge_id, "charge")


def _find(context: RequestContext, doc_id: str, kind: str) -> Doc:
    found = context.store.find(doc_id, kind)
    if found is None:
        raise no_such(kind, doc_id)
    return found


def _in_minor_units(arguments: Arguments) -> Arguments:
    """A person types a sum in a ``currency``; a program gives the ``amount``. Raises ValueError."""
    if "typed" not in arguments:
        return arguments
    given = dict(arguments)
    amount = minor_units(given.pop("typed"), str(given.pop("currency", "")))
    return {**given, "amount": amount}


def _action(
    function: Callable[[RequestContext, Params], Doc],
    done: str,
    done_by_action: Mapping[str, str] = MappingProxyType({}),
) -> Action:
    """Read the arguments with Stripe's strictness, and show the result as its API would."""

    def run(context: RequestContext, arguments: Arguments) -> object:
        params = Params.from_json(_in_minor_units(arguments))
        result = function(context, params)
        params.refuse_unknown()
        return rendered(context, result)

    return Action(run=run, done=done, done_by_action=done_by_action)


ACTIONS: Final[Mapping[str, Action]] = {
    "forget": _action(forget, "The object was forgotten."),
    "refunds": _action(refund, "The refund was made."),
    "disputes": _action(
        dispute,
        "The dispute is open.",
        {
            "escalate": "The inquiry is a dispute now; the money was withdrawn.",
            "submit_evidence": "The seller's answer is with the bank.",
            "win": "The seller won; the money comes back.",
            "lose": "The seller lost; the money stays with the buyer.",
            "close": "The inquiry is closed.",
        },
    ),
    "settle": _action(settle, "The bank has answered."),
    "expire": _action(expire, "The session has expired."),
    "visit": _action(visit, "The link was opened."),
    "resend": _action(resend, "The event is being sent again."),
    "payouts": _action(payouts, "The payout was made."),
}
