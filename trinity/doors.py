"""What ``doors`` serves: what Stripe posts, and nothing that a slow page could hold up."""

from __future__ import annotations

import os
from typing import Final

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trinity.settings")
django.setup()

from trinity.serving.pages import refuse  # noqa: E402  # apps must be loaded first
from trinity.serving.requests import Gone, Receive, Refused, Scope, Send, answer, judge  # noqa: E402
from trinity.webhook_door import is_webhooks, take  # noqa: E402

HEALTH: Final = (b'{"status": "ok"}', [(b"content-type", b"application/json")])


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request."""
    try:
        judge(scope)
        if is_webhooks(scope):
            await take(scope, receive, send)
        elif scope["path"] == "/healthz" and scope["method"] in {"GET", "HEAD"}:
            body, headers = HEALTH
            await answer(send, 200, body=body, headers=headers)
        else:
            raise Refused(404)
    except Refused as refused:
        await refuse(send, refused)
    except Gone:
        return
