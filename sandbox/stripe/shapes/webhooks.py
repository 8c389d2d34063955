"""The shapes of events and of the endpoints that they are sent to."""

from sandbox.store import Doc
from sandbox.stripe.shapes.ids import new_id


def new_endpoint(
    *,
    now: int,
    url: str,
    secret: str,
    enabled_events: list[str],
    api_version: str | None,
    description: str | None,
    metadata: dict[str, str],
) -> Doc:
    """The shape of an endpoint; ``_secret`` is shown once, when it is made."""
    return {
        "id": new_id("webhook_endpoint", now=now),
        "object": "webhook_endpoint",
        "api_version": api_version,
        "application": None,
        "created": now,
        "description": description,
        "enabled_events": enabled_events,
        "livemode": False,
        "metadata": metadata,
        "status": "enabled",
        "url": url,
        "_secret": secret,
    }
