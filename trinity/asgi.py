"""What ``web`` serves: Stripe's door, and behind it Django in a few threads."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trinity.settings")
_django = get_wsgi_application()

from django.conf import settings  # noqa: E402  # apps must be loaded first

from trinity.serving.pages import Pages  # noqa: E402
from trinity.serving.requests import Receive, Scope, Send, judged, read_body  # noqa: E402
from trinity.webhook_door import is_webhooks, take  # noqa: E402

_pages = Pages(_django, threads=settings.WEB_BLOCKING_THREADS)


@judged
async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request."""
    if is_webhooks(scope):
        await take(scope, receive, send)
    else:
        await _pages.answer(scope, await read_body(scope, receive), send)
