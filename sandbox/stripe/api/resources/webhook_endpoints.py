"""``/v1/webhook_endpoints``."""

from typing import Final

from sandbox.store import Doc
from sandbox.stripe.api.call import Call, Endpoint
from sandbox.stripe.api.lists import list_of
from sandbox.stripe.api.metadata import merged
from sandbox.stripe.shapes.errors import bad_param, missing_param, no_such
from sandbox.stripe.shapes.ids import random_text
from sandbox.stripe.shapes.webhooks import new_endpoint

SECRET_CHARS: Final = 32


def create(call: Call) -> Doc:
    """A new endpoint with a fresh secret, which only this answer shows."""
    params, context = call.params, call.context
    enabled_events = params.texts("enabled_events")
    if not enabled_events:
        raise missing_param("enabled_events")
    endpoint = new_endpoint(
        now=context.now,
        url=_url(params.required_text("url")),
        secret=f"whsec_{random_text(SECRET_CHARS)}",
        enabled_events=enabled_events,
        api_version=params.text("api_version"),
        description=params.text("description"),
        metadata=params.metadata(),
    )
    params.flag("connect")
    context.store.add(endpoint)
    return {**endpoint, "secret": endpoint["_secret"]}


def _url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise bad_param("url", f"Not a valid URL: {url}", code="url_invalid")
    return url


def find(call: Call) -> Doc:
    """One endpoint, without its secret."""
    endpoint = call.context.store.find(call.path["id"], "webhook_endpoint")
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
    return call.context.store.change(endpoint, **changes)


def delete(call: Call) -> Doc:
    """Forget an endpoint; what was queued for it is given up."""
    endpoint = find(call)
    call.context.store.write("DELETE FROM documents WHERE id = ?", (endpoint["id"],))
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
