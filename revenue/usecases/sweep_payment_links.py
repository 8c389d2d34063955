"""Payment links whose outcome nobody knows, or that a person wants off: settle it at Stripe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q

from kernel.retries import may_repeat, next_attempt
from revenue.enums import PaymentLinkState
from revenue.models import PaymentLink
from revenue.policy import CALL_RETRIES, KEY_KEPT
from revenue.ports import GatewayError, GatewayRefused, OpenedLink, PaymentGateway
from revenue.usecases.deactivate_payment_link import keep_off
from revenue.usecases.make_payment_link import keep_answer, keep_refusal, keep_unknown

LEASE: Final = timedelta(minutes=2)
LISTED_MAX: Final = 1000  # Stripe lists links newest first and by no other order
NEVER_MADE: Final = "never_made"

Clock = Callable[[], datetime]


def sweep_payment_links(*, gateway: PaymentGateway, clock: Clock, limit: int = 50) -> int:
    """Look after every link that is due. Returns how many were looked after."""
    is_open = Q(state=PaymentLinkState.UNKNOWN) | Q(
        state=PaymentLinkState.ACTIVE, off_asked_at__isnull=False
    )
    due = PaymentLink.objects.filter(
        is_open, next_check_at__lte=clock(), mode=settings.DEPLOYMENT_MODE
    ).order_by("next_check_at")[:limit]
    done = 0
    for link in due:
        if link.take_lease(now=clock(), lease=LEASE):
            done += 1
            look_after = _find_out if link.state == PaymentLinkState.UNKNOWN else _switch_off
            look_after(link, gateway=gateway, now=clock())
    return done


def _find_out(link: PaymentLink, *, gateway: PaymentGateway, now: datetime) -> None:
    is_repeated = may_repeat(
        made_at=link.created_at, last_error=link.last_error, key_kept=KEY_KEPT, now=now
    )
    try:
        made = (
            gateway.make_payment_link(key=link.reference, parameters=link.parameters)
            if is_repeated
            else _find(link, gateway=gateway)
        )
    except GatewayError as error:
        if is_repeated and isinstance(error, GatewayRefused) and error.is_proof:
            keep_refusal(link, code=error.code)
        else:
            keep_unknown(link, code=error.code, now=now)
    else:
        if made is None:
            keep_refusal(link, code=NEVER_MADE)
        else:
            keep_answer(link, made, now=now)


def _switch_off(link: PaymentLink, *, gateway: PaymentGateway, now: datetime) -> None:
    """Go on with what a person asked for, until Stripe says that the link is off."""
    number = next_attempt(link.attempts)
    try:
        answer = gateway.deactivate_payment_link(
            str(link.stripe_id), key=f"{link.reference}:off:{number}"
        )
    except GatewayError as error:
        PaymentLink.objects.filter(pk=link.pk, state=PaymentLinkState.ACTIVE).update(
            attempts=number,
            last_error=error.code,
            next_check_at=now + CALL_RETRIES.after(number),
            leased_until=None,
        )
    else:
        keep_off(link, answer, now=now)


def _find(link: PaymentLink, *, gateway: PaymentGateway) -> OpenedLink | None:
    """Look for the link, where repeating might make a second one, or a 5xx would be replayed."""
    listed = gateway.payment_links(limit=LISTED_MAX)
    return next((made for made, reference in listed if reference == link.reference), None)
