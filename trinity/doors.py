"""What ``doors`` serves: what Stripe posts, and nothing that a slow page could hold up."""

from __future__ import annotations

import os
from typing import Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trinity.settings")
django.setup()

from trinity.serving.requests import Receive, Refused, Scope, Send, answer, judged
from trinity.webhook_door import is_webhooks, take

HEALTH: Final = b'{"status": "ok"}'


@judged
async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request."""
    if is_webhooks(scope):
        await take(scope, receive, send)
    elif scope["path"] == "/healthz" and scope["method"] in {"GET", "HEAD"}:
        await answer(send, 200, body=HEALTH, headers=[(b"content-type", b"application/json")])
    else:
        raise Refused(404)
