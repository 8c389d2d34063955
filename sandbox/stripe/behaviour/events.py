"""Events: each is kept, and queued for every endpoint that wants its type."""

import copy
from fnmatch import fnmatchcase

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.shapes.ids import new_id
from sandbox.stripe.shapes.version import API_VERSION
from sandbox.webhooks import queue_delivery


def emit(context: RequestContext, event_type: str, doc: Doc, *, previous: Doc | None = None) -> Doc:
    """Record that ``doc`` changed and queue the deliveries, in the caller's transaction.

    ``previous`` holds the old values of what changed, for ``*.updated`` events.
    """
    shown = {name: value for name, value in doc.items() if not name.startswith("_")}
    data: Doc = {"object": copy.deepcopy(shown)}
    if previous is not None:
        data["previous_attributes"] = previous
    return record_event(
        context,
        {
            "id": new_id("event", now=context.now),
            "object": "event",
            "api_version": API_VERSION,
            "created": context.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": context.request_id, "idempotency_key": context.idempotency_key},
            "type": event_type,
        },
    )


def record_event(context: RequestContext, event: Doc) -> Doc:
    """Keep an event as it is and queue it for the endpoints that want it."""
    context.store.add(event)
    for row in context.store.rows("SELECT id FROM documents WHERE kind = 'webhook_endpoint'"):
        endpoint = context.store.get(row["id"])
        if wants(endpoint, event["type"]):
            queue_delivery(context, event_id=event["id"], endpoint_id=endpoint["id"])
    return event


def wants(endpoint: Doc, event_type: str) -> bool:
    """Whether the endpoint is on and listens for this type."""
    return endpoint["status"] == "enabled" and any(
        fnmatchcase(event_type, pattern) for pattern in endpoint["enabled_events"]
    )
