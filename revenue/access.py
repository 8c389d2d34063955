"""Who may see an order: a browser that holds a link to its checkout, in a signed cookie.

Buyers have no account. A link's secret is exchanged for the cookie on the first visit, so that no
secret stays in an address; revoking the link ends both.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from revenue.models import OrderLink

SALT = "revenue.access"
LINKS_MAX = 20
KEPT_S = 180 * 24 * 3600
# Under the name that cookies had before they said by name what binds them: for whoever bought on
# the day of the upgrade. Later a link from a mail opens the order.
FORMER_KEPT_S = 48 * 3600


def token_digest(token: str) -> str:
    """Return what we keep of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_link(*, checkout_id: int, made_for: str, now: datetime) -> tuple[OrderLink, str]:
    """Make a link to a checkout in the caller's transaction; return it with its secret token.

    ``made_for`` is a LinkMadeFor; each MailKind is one.
    """
    token = secrets.token_urlsafe(32)
    link = OrderLink.objects.create(
        checkout_id=checkout_id,
        token_sha256=token_digest(token),
        made_for=made_for,
        created_at=now,
    )
    return link, token


def _held(request: HttpRequest) -> list[int]:
    for name, kept_s in (
        (settings.ORDERS_COOKIE_NAME, KEPT_S),
        (settings.ORDERS_COOKIE_FORMER_NAME, FORMER_KEPT_S),
    ):
        try:
            held = signing.loads(request.COOKIES.get(name, ""), salt=SALT, max_age=kept_s)
        except signing.BadSignature:
            continue
        return [int(link_id) for link_id in held][:LINKS_MAX]
    return []


def may_see(request: HttpRequest, *, checkout_id: int) -> bool:
    """Say whether this browser holds an unrevoked link to the checkout."""
    held = _held(request)
    return (
        bool(held)
        and OrderLink.objects.filter(
            pk__in=held, checkout_id=checkout_id, revoked_at__isnull=True
        ).exists()
    )


def grant(response: HttpResponseBase, request: HttpRequest, *, link: OrderLink) -> None:
    """Give the browser the link, newest first; the oldest of more than twenty falls out."""
    held = [link.pk, *(held for held in _held(request) if held != link.pk)][:LINKS_MAX]
    response.set_cookie(
        settings.ORDERS_COOKIE_NAME,
        signing.dumps(held, salt=SALT),
        max_age=KEPT_S,
        httponly=True,
        samesite="Lax",
        secure=settings.IS_HTTPS,
    )
