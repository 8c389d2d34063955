"""Which orders a browser may see: it holds links to their checkouts in a signed cookie.

Buyers have no account. A link's secret is exchanged for the cookie on the first visit, so that no
secret stays in an address; revoking the link ends both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from revenue.queries.links import opens_checkout

if TYPE_CHECKING:
    from revenue.models import OrderLink

SALT: Final = "revenue.access"
LINKS_MAX: Final = 20
KEPT_S: Final = 180 * 24 * 3600
# Under the name that cookies had before they said by name what binds them: for whoever bought on
# the day of the upgrade. Later a link from a mail opens the order.
FORMER_KEPT_S: Final = 48 * 3600


def may_see(request: HttpRequest, *, checkout_id: int) -> bool:
    """Say whether this browser holds an unrevoked link to the checkout."""
    return opens_checkout(_held(request), checkout_id=checkout_id)


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
