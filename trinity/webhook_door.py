"""Stripe's door over ASGI: what ``doors`` serves, and ``web`` ahead of Django."""

from __future__ import annotations

from revenue.webhooks import PATHS, accept
from trinity.serving.requests import Receive, Scope, Send, answer, read_body


def is_webhooks(scope: Scope) -> bool:
    """Say whether the request is for this door."""
    return scope["path"] in PATHS


async def take(scope: Scope, receive: Receive, send: Send) -> None:
    """Take one delivery. Raises Refused or Gone when it does not come whole."""
    if scope["method"] != "POST":
        await answer(send, 405, headers=[(b"allow", b"POST"), (b"content-type", b"text/plain")])
        return
    body = await read_body(scope, receive)
    signature = dict(scope["headers"]).get(b"stripe-signature", b"").decode("latin-1")
    await answer(send, await accept(body=body, signature=signature))
