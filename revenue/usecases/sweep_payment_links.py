"""Payment links whose outcome nobody knows: find out at Stripe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from revenue.enums import PaymentLinkState
from revenue.models import PaymentLink
from revenue.ports import GatewayRefused, GatewayUnknown, OpenedLink, PaymentGateway
from revenue.usecases.make_payment_link import keep_answer, keep_refusal, keep_unknown

KEY_KEPT: Final = timedelta(hours=24)  # https://docs.stripe.com/api/idempotent_requests
LEASE: Final = timedelta(minutes=2)
LISTED_MAX: Final = 1000  # Stripe lists links newest first and by no other order
NEVER_MADE: Final = "never_made"

Clock = Callable[[], datetime]


def sweep_payment_links(*, gateway: PaymentGateway, clock: Clock, limit: int = 50) -> int:
    """Look after every link that is due. Returns how many were looked after."""
    due = PaymentLink.objects.filter(
        next_check_at__lte=clock(),
        state=PaymentLinkState.UNKNOWN,
        mode=settings.DEPLOYMENT_MODE,
    ).order_by("next_check_at")[:limit]
    done = 0
    for link in due:
        if link.take_lease(now=clock(), lease=LEASE):
            done += 1
            _look_after(link, gateway=gateway, now=clock())
    return done


def _look_after(link: PaymentLink, *, gateway: PaymentGateway, now: datetime) -> None:
    try:
        made = _ask(link, gateway=gateway, now=now)
    except GatewayRefused as refusal:
        keep_refusal(link, code=refusal.code)
    except GatewayUnknown as unknown:
        keep_unknown(link, code=unknown.code, now=now)
    else:
        if made is None:
            keep_refusal(link, code=NEVER_MADE)
        else:
            keep_answer(link, made, now=now)


def _ask(link: PaymentLink, *, gateway: PaymentGateway, now: datetime) -> OpenedLink | None:
    """Repeat the same POST while that is safe; after that, or after a 5xx, look for the link."""
    is_key_kept = now - link.created_at < KEY_KEPT
    if is_key_kept and not link.last_error.startswith("http_"):
        return gateway.make_payment_link(key=link.reference, parameters=link.parameters)
    listed = gateway.payment_links(limit=LISTED_MAX)
    return next((made for made, reference in listed if reference == link.reference), None)
