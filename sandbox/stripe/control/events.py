"""Test control of webhooks: send strange events, see all deliveries, add and change endpoints."""

from typing import Final

from sandbox.state import State
from sandbox.store import Doc
from sandbox.stripe.behaviour.events import record_event
from sandbox.stripe.behaviour.rendering import as_shown
from sandbox.stripe.shapes.errors import ApiError, missing_param
from sandbox.stripe.shapes.ids import new_id
from sandbox.stripe.shapes.version import API_VERSION
from sandbox.stripe.shapes.webhooks import new_endpoint
from sandbox.vendor import Arguments
from sandbox.webhooks import WebhookSender, queue_delivery

EVENT_FIELDS: Final = (
    "id",
    "type",
    "object",
    "api_version",
    "livemode",
    "account",
    "created",
    "request",
    "previous_attributes",
)
EVENTS_MAX: Final = 200


async def emit(state: State, _: WebhookSender, given: Arguments) -> object:
    """Send an event of any type, version, livemode or account, with any object in it.

    An ``id`` that exists is sent again with the new content: a forged double.
    """
    unknown = set(given) - set(EVENT_FIELDS)
    if unknown:
        raise ApiError(400, f"Unknown: {', '.join(sorted(unknown))}.")
    if "type" not in given:
        raise missing_param("type")
    context = state.context()
    data: Doc = {"object": given.get("object", {})}
    if "previous_attributes" in given:
        data["previous_attributes"] = given["previous_attributes"]
    event: Doc = {
        "id": given.get("id") or new_id("event", now=context.now),
        "object": "event",
        "api_version": given.get("api_version", API_VERSION),
        "created": given.get("created", context.now),
        "data": data,
        "livemode": given.get("livemode", False),
        "pending_webhooks": 0,
        "request": given.get("request", {"id": None, "idempotency_key": None}),
        "type": given["type"],
    }
    if "account" in given:
        event["account"] = given["account"]
    with state.store.transaction():
        if state.store.find(event["id"], "event") is None:
            record_event(context, event)
        else:
            state.store.change(event)
            for row in state.store.rows("SELECT id FROM documents WHERE kind = 'webhook_endpoint'"):
                queue_delivery(context, event_id=event["id"], endpoint_id=row["id"])
        return as_shown(context, event)


async def list_events(state: State, _: WebhookSender, given: Arguments) -> object:
    """The newest events with every delivery and attempt; ``type`` and ``limit`` narrow it."""
    limit = min(int(given.get("limit", 50)), EVENTS_MAX)
    rows = state.store.rows(
        "SELECT id FROM documents WHERE kind = 'event'"
        " AND (? = '' OR json_extract(body, '$.type') = ?)"
        " ORDER BY seq DESC LIMIT ?",
        (given.get("type", ""), given.get("type", ""), limit),
    )
    context = state.context()
    return {
        "data": [
            {
                **as_shown(context, state.store.get(row["id"])),
                "deliveries": _deliveries(state, row["id"]),
            }
            for row in rows
        ]
    }


def _deliveries(state: State, event_id: str) -> list[Doc]:
    """Where an event was sent, and how each attempt went."""
    found = []
    for row in state.store.rows(
        "SELECT id, endpoint_id, state, attempts, due_at FROM deliveries WHERE event_id = ?",
        (event_id,),
    ):
        tries = state.store.rows(
            "SELECT started_at, ms, status, error FROM attempts WHERE delivery_id = ? ORDER BY id",
            (row["id"],),
        )
        found.append({**dict(row), "tries": [dict(each) for each in tries]})
    return found


async def list_endpoints(state: State, _: WebhookSender, __: Arguments) -> object:
    """All endpoints, with their secrets."""
    rows = state.store.rows("SELECT id FROM documents WHERE kind = 'webhook_endpoint'")
    docs = [state.store.get(row["id"]) for row in rows]
    return {"data": [{**doc, "secret": doc["_secret"]} for doc in docs]}


async def add_endpoint(state: State, _: WebhookSender, given: Arguments) -> object:
    """One more endpoint (``url``, ``secret``, ``enabled_events``), or a change to ``id``."""
    store, now = state.store, state.context().now
    with store.transaction():
        if "id" in given:
            endpoint = store.get(given["id"])
            names = {"url": "url", "secret": "_secret", "enabled_events": "enabled_events"}
            changes = {names[name]: given[name] for name in names if name in given}
            if "status" in given:
                changes["status"] = given["status"]
            return store.change(endpoint, **changes)
        if not str(given.get("url", "")).startswith(("http://", "https://")):
            raise ApiError(400, "url must be an http address.")
        endpoint = new_endpoint(
            now=now,
            url=given["url"],
            secret=given.get("secret") or state.settings.webhook_secret,
            enabled_events=given.get("enabled_events", ["*"]),
            api_version=API_VERSION,
            description=given.get("description"),
            metadata={},
        )
        return store.add(endpoint)
