"""Payment links whose outcome nobody knows, or that a person wants off: settle it at Stripe."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from kernel.leases import Clock, look_after_due
from kernel.retries import may_repeat, next_attempt
from kernel.transitions import LostRace
from revenue.enums import PaymentLinkState
from revenue.models import PaymentLink
from revenue.operations.links import record_link, record_link_off
from revenue.policy import CALL_RETRIES, KEY_KEPT
from revenue.ports import GatewayError, GatewayRefused, OpenedLink, PaymentGateway
from revenue.usecases.make_payment_link import keep_refusal, keep_unknown

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=2)
LISTED_MAX: Final = 1000  # Stripe lists links newest first and by no other order
NEVER_MADE: Final = "never_made"


def sweep_payment_links(*, gateway: PaymentGateway, clock: Clock, limit: int = 50) -> int:
    """Look after every link that is due. Returns how many were looked after."""
    is_open = Q(state=PaymentLinkState.UNKNOWN) | Q(
        state=PaymentLinkState.ACTIVE, off_asked_at__isnull=False
    )
    due = PaymentLink.objects.filter(
        is_open, next_check_at__lte=clock(), mode=settings.DEPLOYMENT_MODE
    )

    def look_after(link: PaymentLink) -> None:
        settle = _find_out if link.state == PaymentLinkState.UNKNOWN else _switch_off
        try:
            settle(link, gateway=gateway, now=clock())
        except LostRace:  # by an event, or by another worker
            logger.info("payment link settled meanwhile", extra={"link": link.reference})

    ordered = due.order_by("next_check_at")[:limit]
    return look_after_due(ordered, look_after=look_after, clock=clock, lease=LEASE)


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
            return
        with transaction.atomic(durable=True):
            record_link(link, made, now=now)
            link.write_fenced()


def _switch_off(link: PaymentLink, *, gateway: PaymentGateway, now: datetime) -> None:
    """Go on with what a person asked for, until Stripe says that the link is off."""
    number = next_attempt(link.attempts)
    try:
        answer = gateway.deactivate_payment_link(
            str(link.stripe_id), key=f"{link.reference}:off:{number}"
        )
    except GatewayError as error:
        link.write_unmoved(
            attempts=number,
            last_error=error.code,
            next_check_at=now + CALL_RETRIES.after(number),
        )
    else:
        with transaction.atomic(durable=True):
            record_link_off(link, answer, now=now)
            link.write_fenced()


def _find(link: PaymentLink, *, gateway: PaymentGateway) -> OpenedLink | None:
    """Look for the link, where repeating might make a second one, or a 5xx would be replayed."""
    listed = gateway.payment_links(limit=LISTED_MAX)
    return next((made for made, reference in listed if reference == link.reference), None)
