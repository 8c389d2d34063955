"""The webhook endpoint that the environment names."""

from typing import Final

from sandbox.store import Doc
from sandbox.stripe.ids import new_id
from sandbox.stripe.version import API_VERSION
from sandbox.world import Moment

DEFAULT_ENDPOINT_NOTE: Final = "default-endpoint"


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


def ensure_default_endpoint(moment: Moment) -> None:
    """Tell the address in SANDBOX_WEBHOOK_URL of every event; follow it when it changes."""
    store, settings = moment.store, moment.settings
    known = store.find(store.note(DEFAULT_ENDPOINT_NOTE) or "", "webhook_endpoint")
    if not settings.webhook_url:
        return
    if known is not None:
        store.change(known, url=settings.webhook_url, _secret=settings.webhook_secret)
        return
    endpoint = new_endpoint(
        now=moment.now,
        url=settings.webhook_url,
        secret=settings.webhook_secret,
        enabled_events=["*"],
        api_version=API_VERSION,
        description="Trinity on this machine",
        metadata={},
    )
    store.add(endpoint)
    store.set_note(DEFAULT_ENDPOINT_NOTE, endpoint["id"])
