"""``/v1/events``: what happened, and whether every endpoint has taken it."""

from typing import Final

from sandbox.store import Doc
from sandbox.stripe.api.call import Call, Endpoint
from sandbox.stripe.api.lists import Filter, list_of
from sandbox.stripe.shapes.errors import bad_param, no_such

KEPT_S: Final = 30 * 24 * 60 * 60
TYPES_MAX: Final = 20
UNDELIVERED: Final = (
    "EXISTS (SELECT 1 FROM deliveries WHERE event_id = documents.id"
    " GROUP BY endpoint_id HAVING max(state = 'delivered') = 0)"
)


def find(call: Call) -> Doc:
    """One event."""
    event = call.context.store.find(call.path["id"], "event")
    if event is None:
        raise no_such("event", call.path["id"])
    return event


def list_events(call: Call) -> Doc:
    """Newest first, up to 30 days back, by type, time and delivery."""
    params = call.params
    where = Filter()
    where.add("created >= ?", call.context.now - KEPT_S)
    _by_type(call, where)
    where.created(params)
    is_delivered = params.flag("delivery_success")
    if is_delivered is not None:
        where.add(f"{'NOT ' if is_delivered else ''}{UNDELIVERED}")
    return list_of(call, "event", url="/v1/events", where=where)


def _by_type(call: Call, where: Filter) -> None:
    single, several = call.params.text("type"), call.params.texts("types")
    if single and several:
        raise bad_param("types", "You cannot use both type and types.")
    if len(several) > TYPES_MAX:
        raise bad_param("types", f"At most {TYPES_MAX} types can be given.")
    wanted = several or ([single] if single else [])
    if wanted:
        clauses = " OR ".join("json_extract(body, '$.type') GLOB ?" for _ in wanted)
        where.add(f"({clauses})", *wanted)


ENDPOINTS: Final = (
    Endpoint("GET", "/v1/events", list_events),
    Endpoint("GET", "/v1/events/{id}", find),
)
