"""Events: each is kept, and queued for every endpoint that wants its type."""

import copy
from fnmatch import fnmatchcase

from sandbox.store import Doc
from sandbox.stripe.ids import new_id
from sandbox.stripe.version import API_VERSION
from sandbox.world import Moment


def emit(moment: Moment, event_type: str, doc: Doc, *, previous: Doc | None = None) -> Doc:
    """Record that ``doc`` changed and queue the deliveries, in the caller's transaction.

    ``previous`` holds the old values of what changed, for ``*.updated`` events.
    """
    seen = {name: value for name, value in doc.items() if not name.startswith("_")}
    data: Doc = {"object": copy.deepcopy(seen)}
    if previous is not None:
        data["previous_attributes"] = previous
    return file_event(
        moment,
        {
            "id": new_id("event", now=moment.now),
            "object": "event",
            "api_version": API_VERSION,
            "created": moment.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": moment.request_id, "idempotency_key": moment.idempotency_key},
            "type": event_type,
        },
    )


def file_event(moment: Moment, event: Doc) -> Doc:
    """Keep an event as it is and queue it for the endpoints that want it."""
    moment.store.add(event)
    for row in moment.store.rows("SELECT id FROM documents WHERE kind = 'webhook_endpoint'"):
        endpoint = moment.store.get(row["id"])
        if wants(endpoint, event["type"]):
            queue(moment, event_id=event["id"], endpoint_id=endpoint["id"])
    return event


def wants(endpoint: Doc, event_type: str) -> bool:
    """Whether the endpoint is on and listens for this type."""
    return endpoint["status"] == "enabled" and any(
        fnmatchcase(event_type, pattern) for pattern in endpoint["enabled_events"]
    )


def queue(moment: Moment, *, event_id: str, endpoint_id: str) -> int:
    """Ask for one delivery now. A resend queues another one beside the first."""
    return moment.store.write(
        "INSERT INTO deliveries (event_id, endpoint_id, state, due_at) VALUES (?, ?, 'pending', ?)",
        (event_id, endpoint_id, moment.now_s),
    )
