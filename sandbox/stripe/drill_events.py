"""Events and endpoints for tests: strange events can be sent, and all deliveries be seen."""

from typing import Any, Final

from sandbox.store import Doc
from sandbox.stripe.endpoints import new_endpoint
from sandbox.stripe.ids import new_id
from sandbox.stripe.outbox import file_event, queue
from sandbox.stripe.problems import Problem, missing_param
from sandbox.stripe.version import API_VERSION
from sandbox.stripe.views import as_seen
from sandbox.world import World

Given = dict[str, Any]
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


def emit_anything(world: World, given: Given) -> object:
    """Send an event of any type, version, livemode or account, with any object in it.

    An ``id`` that exists is sent again with the new content: a forged double.
    """
    unknown = set(given) - set(EVENT_FIELDS)
    if unknown:
        raise Problem(400, f"Unknown: {', '.join(sorted(unknown))}.")
    if "type" not in given:
        raise missing_param("type")
    moment = world.moment()
    data: Doc = {"object": given.get("object", {})}
    if "previous_attributes" in given:
        data["previous_attributes"] = given["previous_attributes"]
    event: Doc = {
        "id": given.get("id") or new_id("event", now=moment.now),
        "object": "event",
        "api_version": given.get("api_version", API_VERSION),
        "created": given.get("created", moment.now),
        "data": data,
        "livemode": given.get("livemode", False),
        "pending_webhooks": 0,
        "request": given.get("request", {"id": None, "idempotency_key": None}),
        "type": given["type"],
    }
    if "account" in given:
        event["account"] = given["account"]
    with world.store.transaction():
        if world.store.find(event["id"], "event") is None:
            file_event(moment, event)
        else:
            world.store.change(event)
            for row in world.store.rows("SELECT id FROM documents WHERE kind = 'webhook_endpoint'"):
                queue(moment, event_id=event["id"], endpoint_id=row["id"])
        return as_seen(moment, event)


def told_events(world: World, given: Given) -> object:
    """The newest events with every delivery and attempt; ``type`` and ``limit`` narrow it."""
    limit = min(int(given.get("limit", 50)), EVENTS_MAX)
    rows = world.store.rows(
        "SELECT id FROM documents WHERE kind = 'event'"
        " AND (? = '' OR json_extract(body, '$.type') = ?)"
        " ORDER BY seq DESC LIMIT ?",
        (given.get("type", ""), given.get("type", ""), limit),
    )
    moment = world.moment()
    return {
        "data": [
            {
                **as_seen(moment, world.store.get(row["id"])),
                "deliveries": deliveries(world, row["id"]),
            }
            for row in rows
        ]
    }


def deliveries(world: World, event_id: str) -> list[Given]:
    """Where an event was sent, and how each attempt went."""
    found = []
    for row in world.store.rows(
        "SELECT id, endpoint_id, state, attempts, due_at FROM deliveries WHERE event_id = ?",
        (event_id,),
    ):
        tries = world.store.rows(
            "SELECT started_at, ms, status, error FROM attempts WHERE delivery_id = ? ORDER BY id",
            (row["id"],),
        )
        found.append({**dict(row), "tries": [dict(each) for each in tries]})
    return found


def endpoints(world: World, _: Given) -> object:
    """All endpoints, with their secrets."""
    rows = world.store.rows("SELECT id FROM documents WHERE kind = 'webhook_endpoint'")
    docs = [world.store.get(row["id"]) for row in rows]
    return {"data": [{**doc, "secret": doc["_secret"]} for doc in docs]}


def add_endpoint(world: World, given: Given) -> object:
    """One more endpoint (``url``, ``secret``, ``enabled_events``), or a change to ``id``."""
    store, now = world.store, world.moment().now
    with store.transaction():
        if "id" in given:
            endpoint = store.get(given["id"])
            names = {"url": "url", "secret": "_secret", "enabled_events": "enabled_events"}
            changes = {names[name]: given[name] for name in names if name in given}
            if "status" in given:
                changes["status"] = given["status"]
            return store.change(endpoint, **changes)
        if not str(given.get("url", "")).startswith(("http://", "https://")):
            raise Problem(400, "url must be an http address.")
        endpoint = new_endpoint(
            now=now,
            url=given["url"],
            secret=given.get("secret") or world.settings.webhook_secret,
            enabled_events=given.get("enabled_events", ["*"]),
            api_version=API_VERSION,
            description=given.get("description"),
            metadata={},
        )
        return store.add(endpoint)
