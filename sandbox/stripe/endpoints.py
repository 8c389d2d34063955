"""``/v1/webhook_endpoints``, and the one that the environment names."""

from typing import Final

from sandbox.store import Doc
from sandbox.stripe.call import Call, Endpoint
from sandbox.stripe.ids import new_id, random_text
from sandbox.stripe.lists import list_of
from sandbox.stripe.metadata import merged
from sandbox.stripe.problems import bad_param, missing_param, no_such
from sandbox.stripe.version import API_VERSION
from sandbox.world import Moment

DEFAULT_ENDPOINT_NOTE: Final = "default-endpoint"
SECRET_CHARS: Final = 32


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


def create(call: Call) -> Doc:
    """A new endpoint with a fresh secret, which only this answer shows."""
    params, moment = call.params, call.moment
    enabled_events = params.texts("enabled_events")
    if not enabled_events:
        raise missing_param("enabled_events")
    endpoint = new_endpoint(
        now=moment.now,
        url=_url(params.required_text("url")),
        secret=f"whsec_{random_text(SECRET_CHARS)}",
        enabled_events=enabled_events,
        api_version=params.text("api_version"),
        description=params.text("description"),
        metadata=params.metadata(),
    )
    params.flag("connect")
    moment.store.add(endpoint)
    return {**endpoint, "secret": endpoint["_secret"]}


def _url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise bad_param("url", f"Not a valid URL: {url}", code="url_invalid")
    return url


def find(call: Call) -> Doc:
    """One endpoint, without its secret."""
    endpoint = call.moment.store.find(call.path["id"], "webhook_endpoint")
    if endpoint is None:
        raise no_such("webhook endpoint", call.path["id"])
    return endpoint


def update(call: Call) -> Doc:
    """Change where and what is sent, or switch it off and on."""
    endpoint, params = find(call), call.params
    changes: Doc = {"metadata": merged(endpoint["metadata"], params)}
    url = params.text("url")
    if url is not None:
        changes["url"] = _url(url)
    enabled_events = params.texts("enabled_events")
    if enabled_events:
        changes["enabled_events"] = enabled_events
    is_disabled = params.flag("disabled")
    if is_disabled is not None:
        changes["status"] = "disabled" if is_disabled else "enabled"
    if params.has("description"):
        changes["description"] = params.text("description")
    return call.moment.store.change(endpoint, **changes)


def delete(call: Call) -> Doc:
    """Forget an endpoint; what was queued for it is given up."""
    endpoint = find(call)
    call.moment.store.write("DELETE FROM documents WHERE id = ?", (endpoint["id"],))
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def list_endpoints(call: Call) -> Doc:
    """Newest first."""
    return list_of(call, "webhook_endpoint", url="/v1/webhook_endpoints")


ENDPOINTS: Final = (
    Endpoint("POST", "/v1/webhook_endpoints", create),
    Endpoint("GET", "/v1/webhook_endpoints", list_endpoints),
    Endpoint("GET", "/v1/webhook_endpoints/{id}", find),
    Endpoint("POST", "/v1/webhook_endpoints/{id}", update),
    Endpoint("DELETE", "/v1/webhook_endpoints/{id}", delete),
)
