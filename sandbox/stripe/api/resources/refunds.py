"""``/v1/refunds``."""

from typing import Final

from sandbox.store import Doc
from sandbox.stripe.api.call import Call, Endpoint
from sandbox.stripe.api.lists import Filter, list_of
from sandbox.stripe.api.metadata import merged
from sandbox.stripe.behaviour.refunds import cancel_refund, refund_charge
from sandbox.stripe.shapes.errors import missing_param, no_such

REASONS: Final = ("duplicate", "fraudulent", "requested_by_customer")


def create(call: Call) -> Doc:
    """Refund a charge, named by itself or by its payment intent."""
    params = call.params
    amount = params.integer("amount", at_least=1)
    reason = params.text("reason", choices=REASONS)
    metadata = params.metadata()
    charge = _charge(call)
    params.refuse_unknown()
    return refund_charge(call.context, charge, amount=amount, reason=reason, metadata=metadata)


def _charge(call: Call) -> Doc:
    charge_id, intent_id = call.params.text("charge"), call.params.text("payment_intent")
    store = call.context.store
    if intent_id is not None:
        intent = store.find(intent_id, "payment_intent")
        if intent is None:
            raise no_such("payment_intent", intent_id, param="payment_intent", status=404)
        charge_id = intent["latest_charge"] or charge_id
    if charge_id is None:
        raise missing_param("charge")
    charge = store.find(charge_id, "charge")
    if charge is None:
        raise no_such("charge", charge_id, param="charge", status=404)
    return charge


def find(call: Call) -> Doc:
    """One refund."""
    refund = call.context.store.find(call.path["id"], "refund")
    if refund is None:
        raise no_such("refund", call.path["id"])
    return refund


def update(call: Call) -> Doc:
    """Change a refund's metadata."""
    refund = find(call)
    return call.context.store.change(refund, metadata=merged(refund["metadata"], call.params))


def cancel(call: Call) -> Doc:
    """Take back a refund that is still pending."""
    return cancel_refund(call.context, find(call))


def list_refunds(call: Call) -> Doc:
    """Newest first, by charge or payment."""
    where = Filter()
    where.equal(call.params, "charge", "payment_intent")
    where.created(call.params)
    return list_of(call, "refund", url="/v1/refunds", where=where)


ENDPOINTS: Final = (
    Endpoint("POST", "/v1/refunds", create),
    Endpoint("GET", "/v1/refunds", list_refunds),
    Endpoint("GET", "/v1/refunds/{id}", find),
    Endpoint("POST", "/v1/refunds/{id}", update),
    Endpoint("POST", "/v1/refunds/{id}/cancel", cancel),
)
