"""Payment links at Stripe: making one, switching it off, and what became of both."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from kernel.exchanges import Clock, NotMade, found_out, look_after_due, made_by
from kernel.retries import error_to_keep, may_repeat, next_attempt
from kernel.transitions import LostRace
from revenue.enums import PaymentLinkState
from revenue.models import PaymentLink
from revenue.operations.links import record_link, record_link_off
from revenue.ports import GatewayError, OpenedLink, PaymentGateway
from revenue.retries import CALL_RETRIES, KEY_KEPT

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=2)
LISTED_MAX: Final = 1000  # Stripe lists links newest first and by no other order


def make_at_stripe(
    link: PaymentLink, *, gateway: PaymentGateway, now: datetime, is_new: bool
) -> PaymentLink:
    """Make the call that the row describes, unless its answer is known, and keep the answer.

    Safe to repeat: the idempotency key is the row's own reference. Where the same call would tell
    nothing, or might make a second link, the row stays ``unknown`` and the sweep looks.
    ``is_new`` says that the caller inserted the row.
    """
    if link.state != PaymentLinkState.UNKNOWN or not _may_repeat(link, now=now):
        return link
    if link.call_ref is not None:
        raise ValueError(f"{link}: only its tool call makes it")
    is_anothers = link.is_leased(now=now)
    with suppress(LostRace):  # an event was faster, or a sweep that claimed the row
        try:
            made = made_by(lambda: _make(link, gateway=gateway), is_first=is_new)
        except NotMade as proof:
            if not is_anothers:
                _close_as_not_made(link, code=proof.code)
        except GatewayError as error:
            if not is_anothers:
                _put_off(link, error, now=now)
        else:
            with transaction.atomic(durable=True):
                record_link(link, made, now=now)
    link.refresh_from_db()
    return link


def switch_off_at_stripe(link: PaymentLink, *, gateway: PaymentGateway, now: datetime) -> None:
    """Switch an active link off, so that nobody can pay by it. Raises the gateway's errors."""
    if link.state != PaymentLinkState.ACTIVE:
        return
    answer = _off(link, number=link.attempts, gateway=gateway)
    with transaction.atomic(durable=True):
        record_link_off(link, answer, now=now)
    link.refresh_from_db()


def sweep_payment_links(*, gateway: PaymentGateway, clock: Clock, limit: int = 50) -> int:
    """Look after every link that is due. Returns how many were looked after."""
    # What an agent's call made is looked for by the router, which posts nothing again.
    is_open = Q(state=PaymentLinkState.UNKNOWN, call_ref=None) | Q(
        state=PaymentLinkState.ACTIVE, off_asked_at__isnull=False
    )
    due = PaymentLink.objects.filter(
        is_open, next_check_at__lte=clock(), mode=settings.DEPLOYMENT_MODE
    )

    def look_after(link: PaymentLink) -> None:
        settle = _find_out if link.state == PaymentLinkState.UNKNOWN else _go_on_switching_off
        try:
            settle(link, gateway=gateway, now=clock())
        except LostRace:  # by an event, or by another worker
            logger.info("payment link settled meanwhile", extra={"link": link.reference})

    ordered = due.order_by("next_check_at")[:limit]
    return look_after_due(ordered, look_after=look_after, clock=clock, lease=LEASE)


def _find_out(link: PaymentLink, *, gateway: PaymentGateway, now: datetime) -> None:
    try:
        made = found_out(
            lambda: _make(link, gateway=gateway),
            find=lambda: _find(link, gateway=gateway),
            may_repeat=_may_repeat(link, now=now),
        )
    except NotMade as proof:
        _close_as_not_made(link, code=proof.code)
    except GatewayError as error:
        _put_off(link, error, now=now)
    else:
        with transaction.atomic(durable=True):
            record_link(link, made, now=now)
            link.write_fenced()


def _go_on_switching_off(link: PaymentLink, *, gateway: PaymentGateway, now: datetime) -> None:
    """Go on with what a person asked for, until Stripe says that the link is off."""
    number = next_attempt(link.attempts)
    try:
        answer = _off(link, number=number, gateway=gateway)
    except GatewayError as error:
        link.write_unmoved(
            attempts=number,
            last_error=error.code,
            next_check_at=now + CALL_RETRIES.after(number),
        )
    else:
        with transaction.atomic(durable=True):
            record_link_off(link, answer, now=now)
            again_at = now + CALL_RETRIES.after(number) if answer.is_active else None
            link.write_fenced(attempts=number, next_check_at=again_at)


def _make(link: PaymentLink, *, gateway: PaymentGateway) -> OpenedLink:
    return gateway.make_payment_link(key=link.reference, parameters=link.parameters)


def _off(link: PaymentLink, *, number: int, gateway: PaymentGateway) -> OpenedLink:
    """Each call has a number, and so a key of its own: Stripe replays a 5xx for a day."""
    key = f"{link.reference}:off:{number}"
    return gateway.deactivate_payment_link(str(link.stripe_id), key=key)


def _find(link: PaymentLink, *, gateway: PaymentGateway) -> OpenedLink | None:
    listed = gateway.payment_links(limit=LISTED_MAX)
    return next((made for made, reference in listed if reference == link.reference), None)


def _may_repeat(link: PaymentLink, *, now: datetime) -> bool:
    return may_repeat(
        made_at=link.created_at, last_error=link.last_error, key_kept=KEY_KEPT, now=now
    )


def _close_as_not_made(link: PaymentLink, *, code: str) -> None:
    """Stripe said no, or has no such link: nobody can pay by it. Raises LostRace."""
    link.move_fenced(PaymentLinkState.FAILED, last_error=code, next_check_at=None)


def _put_off(link: PaymentLink, error: GatewayError, *, now: datetime) -> None:
    """Nobody knows whether there is a link: the sweep will look. Raises LostRace.

    A 5xx is kept in mind: after one, the same key would only replay it.
    """
    attempts = next_attempt(link.attempts)
    link.write_unmoved(
        attempts=attempts,
        last_error=error_to_keep(known=link.last_error, new=error.code),
        next_check_at=now + CALL_RETRIES.after(attempts),
    )
