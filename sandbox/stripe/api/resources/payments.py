"""``/v1/payment_intents`` and ``/v1/charges``: what came of paying."""

from typing import Final

from sandbox.store import Doc
from sandbox.stripe.api.call import Call, Endpoint
from sandbox.stripe.api.lists import Filter, list_of
from sandbox.stripe.api.metadata import merged
from sandbox.stripe.behaviour.events import emit
from sandbox.stripe.shapes.errors import no_such


def _find(call: Call, kind: str) -> Doc:
    found = call.context.store.find(call.path["id"], kind)
    if found is None:
        raise no_such(kind, call.path["id"], param="intent" if kind == "payment_intent" else "id")
    return found


def find_intent(call: Call) -> Doc:
    """One payment intent."""
    call.params.text("client_secret")
    return _find(call, "payment_intent")


def list_intents(call: Call) -> Doc:
    """Newest first."""
    where = Filter()
    where.created(call.params)
    call.params.text("customer")
    return list_of(call, "payment_intent", url="/v1/payment_intents", where=where)


def find_charge(call: Call) -> Doc:
    """One charge."""
    return _find(call, "charge")


def update_charge(call: Call) -> Doc:
    """Change a charge's metadata or description."""
    charge = _find(call, "charge")
    before = dict(charge)
    changes: Doc = {"metadata": merged(charge["metadata"], call.params)}
    if call.params.has("description"):
        changes["description"] = call.params.text("description")
    call.context.store.change(charge, **changes)
    previous = {name: before[name] for name in changes if before[name] != charge[name]}
    emit(call.context, "charge.updated", charge, previous=previous)
    return charge


def list_charges(call: Call) -> Doc:
    """Newest first, by payment."""
    where = Filter()
    where.equal(call.params, "payment_intent")
    where.created(call.params)
    call.params.text("customer")
    return list_of(call, "charge", url="/v1/charges", where=where)


ENDPOINTS: Final = (
    Endpoint("GET", "/v1/payment_intents", list_intents),
    Endpoint("GET", "/v1/payment_intents/{id}", find_intent),
    Endpoint("GET", "/v1/charges", list_charges),
    Endpoint("GET", "/v1/charges/{id}", find_charge),
    Endpoint("POST", "/v1/charges/{id}", update_charge),
)
