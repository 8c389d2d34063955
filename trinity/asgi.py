"""What ``web`` serves: Stripe's door, and behind it Django in a few threads."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Final

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trinity.settings")
_django = get_wsgi_application()

from django.conf import settings

from kernel.uploads import FILE_BYTES_MAX
from trinity.hosts import is_for_us
from trinity.serving.pages import Pages
from trinity.serving.requests import (
    BODY_BYTES_MAX,
    Receive,
    Refused,
    Scope,
    Send,
    judged,
    read_body,
)
from trinity.webhook_door import is_webhooks, take

import_module(settings.ROOT_URLCONF)  # all pages, before the first visitor, by one thread
TAKE_FILES: Final = b"/console/purchases/"
FILE_BODY_BYTES_MAX: Final = FILE_BYTES_MAX + BODY_BYTES_MAX
_pages = Pages(_django, threads=settings.WEB_BLOCKING_THREADS)
# Who presses Pay waits for Stripe: a wait that costs a thread and no work, so there are many of
# them, and they take none from the pages.
_purchases = Pages(_django, threads=settings.WEB_PURCHASE_THREADS)


@judged
async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request."""
    if is_webhooks(scope):
        await take(scope, receive, send)
    elif not is_for_us(scope):
        raise Refused(400)
    else:
        pages = _purchases if is_purchase(scope) else _pages
        most = FILE_BODY_BYTES_MAX if may_bring_file(scope) else BODY_BYTES_MAX
        await pages.answer(scope, await read_body(scope, receive, most=most), send)


def may_bring_file(scope: Scope) -> bool:
    """Say whether a page is asked that may take a file; the page itself says whether it does."""
    path: bytes = scope["raw_path"]
    return path.startswith(TAKE_FILES)


def is_purchase(scope: Scope) -> bool:
    """Say whether somebody presses Pay."""
    path: bytes = scope["raw_path"]
    return path.startswith(b"/offers/") and path.endswith(b"/buy/")
