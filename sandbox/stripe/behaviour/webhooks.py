"""Stripe's webhooks: how they are signed, and the endpoint that the environment names."""

import hashlib
import hmac
import json
from typing import Final

from sandbox.state import RequestContext
from sandbox.store import Doc
from sandbox.stripe.behaviour.rendering import as_shown
from sandbox.stripe.shapes.version import API_VERSION
from sandbox.stripe.shapes.webhooks import new_endpoint
from sandbox.webhooks import WebhookRequest

DEFAULT_ENDPOINT_NOTE: Final = "default-endpoint"


def signed_request(context: RequestContext, event: Doc, endpoint: Doc) -> WebhookRequest:
    """The event as Stripe sends it, signed now."""
    body = json.dumps(as_shown(context, event), indent=2).encode()
    return WebhookRequest(
        url=endpoint["url"],
        body=body,
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks; sandbox)",
            "Stripe-Signature": signature(
                body=body, secrets=endpoint["_secret"], now_s=context.now_s
            ),
        },
    )


def signature(*, body: bytes, secrets: str, now_s: float) -> str:
    """The ``Stripe-Signature`` header over exactly these bytes.

    ``secrets``: one, or several with commas between (while one is being rolled).
    """
    stamp = int(now_s)
    signed = f"{stamp}.".encode() + body
    digests = (
        hmac.new(secret.strip().encode(), signed, hashlib.sha256).hexdigest()
        for secret in secrets.split(",")
    )
    return ",".join([f"t={stamp}", *(f"v1={digest}" for digest in digests)])


def ensure_default_endpoint(context: RequestContext) -> None:
    """Send every event to the address in SANDBOX_WEBHOOK_URL; follow it when it changes."""
    store, settings = context.store, context.settings
    known = store.find(store.note(DEFAULT_ENDPOINT_NOTE) or "", "webhook_endpoint")
    if not settings.webhook_url:
        return
    if known is not None:
        store.change(known, url=settings.webhook_url, _secret=settings.webhook_secret)
        return
    endpoint = new_endpoint(
        now=context.now,
        url=settings.webhook_url,
        secret=settings.webhook_secret,
        enabled_events=["*"],
        api_version=API_VERSION,
        description="Trinity on this machine",
        metadata={},
    )
    store.add(endpoint)
    store.set_note(DEFAULT_ENDPOINT_NOTE, endpoint["id"])
