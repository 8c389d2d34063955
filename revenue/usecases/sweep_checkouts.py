"""Checkouts whose outcome nobody knows, and open ones past their end: find out at Stripe."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from kernel.leases import Clock, look_after_due
from kernel.retries import error_to_keep, may_repeat, next_attempt
from kernel.transitions import LostRace
from revenue.enums import CheckoutOrigin, CheckoutState, Source
from revenue.models import CheckoutSession
from revenue.operations.alerts import tell_of_refusal
from revenue.operations.recording import record
from revenue.operations.recording_context import RecordingContext, Unrecordable
from revenue.policy import CALL_RETRIES, KEY_KEPT
from revenue.ports import (
    GatewayError,
    GatewayRefused,
    GatewayUnreadable,
    NotFound,
    PaymentGateway,
    SessionFact,
)
from revenue.usecases.close_checkout import expired_or_as_it_is
from revenue.usecases.notice_cards import notice_cards

logger = logging.getLogger(__name__)

WINDOW: Final = timedelta(minutes=10)  # the clocks of two houses may differ
ABANDONED_AFTER: Final = timedelta(minutes=30)
LEASE: Final = timedelta(minutes=2)
NEVER_MADE: Final = "never_made"


class _NotMade(Exception):
    """Stripe has no session of this checkout: it weighed the call and said no, or knows of none."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def sweep_checkouts(*, gateway: PaymentGateway, clock: Clock, limit: int = 50) -> int:
    """Look after every checkout that is due. Returns how many were looked after."""
    due = CheckoutSession.objects.filter(next_check_at__lte=clock(), mode=settings.DEPLOYMENT_MODE)

    def look_after(checkout: CheckoutSession) -> None:
        try:
            _look_after(checkout, gateway=gateway, now=clock())
        except LostRace:  # by an event, or by another worker
            logger.info("checkout settled meanwhile", extra={"checkout": checkout.reference})

    ordered = due.order_by("next_check_at")[:limit]
    return look_after_due(ordered, look_after=look_after, clock=clock, lease=LEASE)


def _look_after(checkout: CheckoutSession, *, gateway: PaymentGateway, now: datetime) -> None:
    try:
        _record(checkout, _ask(checkout, gateway=gateway, now=now), now=now)
    except _NotMade as proof:
        _close_as_not_made(checkout, code=proof.code, now=now)
    except GatewayError as error:
        _put_off(checkout, error, now=now)
    except Unrecordable as problem:  # its event is parked, and names it too
        _put_off(checkout, GatewayUnreadable(str(problem)), now=now)


def _ask(checkout: CheckoutSession, *, gateway: PaymentGateway, now: datetime) -> SessionFact:
    """Return what Stripe knows of the checkout. Raises _NotMade, and the gateway's errors."""
    if checkout.stripe_id:
        fact = gateway.read_session(checkout.stripe_id)
        is_over = checkout.close_asked_at is not None  # by a person, and the answer went missing
    else:
        is_repeated = may_repeat(
            made_at=checkout.created_at, last_error=checkout.last_error, key_kept=KEY_KEPT, now=now
        )
        fact = (
            _made_again(checkout, gateway=gateway)
            if is_repeated
            else _found(checkout, gateway=gateway, now=now)
        )
        is_over = _is_abandoned(checkout, now=now)
    if is_over and fact.status == "open":
        key = f"{checkout.reference}:expire:{next_attempt(checkout.attempts)}"
        return expired_or_as_it_is(fact.session_id, key=key, gateway=gateway)
    return fact


def _made_again(checkout: CheckoutSession, *, gateway: PaymentGateway) -> SessionFact:
    """Repeat the same POST: Stripe answers as it did, or does now what it never heard of."""
    try:
        return gateway.open_checkout(key=checkout.reference, parameters=checkout.parameters or {})
    except GatewayRefused as refusal:
        if refusal.is_proof:
            raise _NotMade(refusal.code) from refusal
        raise


def _found(checkout: CheckoutSession, *, gateway: PaymentGateway, now: datetime) -> SessionFact:
    """Look for the session from its row's making to the last moment that could have made it."""
    last = min(now, checkout.created_at + KEY_KEPT)
    window = gateway.sessions_between(since=checkout.created_at - WINDOW, until=last + WINDOW)
    found = next((fact for fact in window if fact.checkout_ref == checkout.reference), None)
    if found is None:
        raise _NotMade(NEVER_MADE)
    return found


def _is_abandoned(checkout: CheckoutSession, *, now: datetime) -> bool:
    """Its buyer left long ago: better that nobody can pay it any more."""
    is_visitors = checkout.origin == CheckoutOrigin.OFFER_PAGE
    return is_visitors and now - checkout.created_at > ABANDONED_AFTER


def _record(checkout: CheckoutSession, fact: SessionFact, *, now: datetime) -> None:
    context = RecordingContext(
        mode=settings.DEPLOYMENT_MODE, source=Source.SWEEP, now=now, occurred_at=now
    )
    with transaction.atomic(durable=True):
        record(context, fact)
        still_open = fact.status == "open"
        checkout.write_fenced(next_check_at=now + timedelta(hours=1) if still_open else None)
    notice_cards([fact], source=Source.SWEEP, now=now)


def _close_as_not_made(checkout: CheckoutSession, *, code: str, now: datetime) -> None:
    """Stripe has no session of this reference, so nobody can have paid it."""
    with transaction.atomic(durable=True):
        checkout.move_fenced(CheckoutState.FAILED, last_error=code, next_check_at=None)
        if code != NEVER_MADE:
            tell_of_refusal(checkout, code=code, now=now)


def _put_off(checkout: CheckoutSession, error: GatewayError, *, now: datetime) -> None:
    """Ask again later, ever more seldom, for as long as it takes: unknown stays unknown.

    Only a session whose id Stripe does not know is asked about no more.
    """
    attempts = next_attempt(checkout.attempts)
    is_over = isinstance(error, NotFound) and bool(checkout.stripe_id)
    with transaction.atomic(durable=True):
        if isinstance(error, GatewayRefused) and checkout.state == CheckoutState.UNKNOWN:
            tell_of_refusal(checkout, code=error.code, now=now)
        checkout.write_unmoved(
            attempts=attempts,
            last_error=error_to_keep(known=checkout.last_error, told=error.code),
            next_check_at=None if is_over else now + CALL_RETRIES.after(attempts),
        )
