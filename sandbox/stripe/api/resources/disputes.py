"""``/v1/disputes``: to be read. Answering one is a person's work in Stripe's dashboard."""

from typing import Final

from sandbox.store import Doc
from sandbox.stripe.api.call import Call, Endpoint
from sandbox.stripe.api.lists import Filter, list_of
from sandbox.stripe.shapes.errors import no_such


def find(call: Call) -> Doc:
    """One dispute."""
    dispute = call.context.store.find(call.path["id"], "dispute")
    if dispute is None:
        raise no_such("dispute", call.path["id"])
    return dispute


def list_disputes(call: Call) -> Doc:
    """Newest first, by charge or payment."""
    where = Filter()
    where.equal(call.params, "charge", "payment_intent")
    where.created(call.params)
    return list_of(call, "dispute", url="/v1/disputes", where=where)


ENDPOINTS: Final = (
    Endpoint("GET", "/v1/disputes", list_disputes),
    Endpoint("GET", "/v1/disputes/{id}", find),
)
