"""Checkouts whose outcome nobody knows, and open ones past their end: find out at Stripe."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from kernel.transitions import LostRace
from revenue.enums import CheckoutOrigin, CheckoutState, Source
from revenue.models import CheckoutSession
from revenue.operations.alerts import tell_of_refusal
from revenue.operations.sessions import record_session
from revenue.operations.telling import Telling
from revenue.policy import backoff
from revenue.ports import GatewayError, GatewayRefused, GatewayUnknown, PaymentGateway, SessionFact
from revenue.usecases.close_checkout import expired_or_as_it_is

logger = logging.getLogger(__name__)

KEY_KEPT: Final = timedelta(hours=24)  # https://docs.stripe.com/api/idempotent_requests
WINDOW: Final = timedelta(minutes=10)  # the clocks of two houses may differ
ABANDONED_AFTER: Final = timedelta(minutes=30)
LEASE: Final = timedelta(minutes=2)
CHECKS_MAX: Final = 12

Clock = Callable[[], datetime]


def sweep_checkouts(*, gateway: PaymentGateway, clock: Clock, limit: int = 50) -> int:
    """Look after every checkout that is due. Returns how many were looked after."""
    now = clock()
    due = CheckoutSession.objects.filter(
        next_check_at__lte=now, mode=settings.DEPLOYMENT_MODE
    ).order_by("next_check_at")[:limit]
    done = 0
    for checkout in due:
        if checkout.take_lease(now=clock(), lease=LEASE):
            done += 1
            _look_after(checkout, gateway=gateway, now=clock())
    return done


def _look_after(checkout: CheckoutSession, *, gateway: PaymentGateway, now: datetime) -> None:
    try:
        fact = _ask(checkout, gateway=gateway, now=now)
    except GatewayError as error:
        _put_off(checkout, error, now=now)
        return
    if fact is None:
        _close_as_never_made(checkout)
    else:
        _record(checkout, fact, now=now)


def _ask(
    checkout: CheckoutSession, *, gateway: PaymentGateway, now: datetime
) -> SessionFact | None:
    """Return what Stripe knows of the checkout; None when it was never made there."""
    fact: SessionFact | None
    if checkout.stripe_id:
        fact = gateway.read_session(checkout.stripe_id)
        return _closed_if_asked(checkout, fact, gateway=gateway)
    if _may_repeat(checkout, now=now):
        fact = gateway.open_checkout(key=checkout.reference, parameters=checkout.parameters or {})
    else:
        fact = _find(checkout, gateway=gateway)
    if fact is not None and _is_abandoned(checkout, fact, now=now):
        return gateway.expire_session(fact.session_id)
    return fact


def _closed_if_asked(
    checkout: CheckoutSession, fact: SessionFact, *, gateway: PaymentGateway
) -> SessionFact:
    """A person asked that nobody can pay it any more, and Stripe's answer went missing."""
    if checkout.close_asked_at is None or fact.status != "open":
        return fact
    return expired_or_as_it_is(fact.session_id, gateway=gateway)


def _is_abandoned(checkout: CheckoutSession, fact: SessionFact, *, now: datetime) -> bool:
    """Its buyer left long ago: better that nobody can pay it any more."""
    is_visitors = checkout.origin == CheckoutOrigin.OFFER_PAGE
    return fact.status == "open" and is_visitors and now - checkout.created_at > ABANDONED_AFTER


def _may_repeat(checkout: CheckoutSession, *, now: datetime) -> bool:
    """Repeating the POST is safe while Stripe keeps the key, unless a 5xx would be replayed."""
    is_fresh = now - checkout.created_at < KEY_KEPT
    return is_fresh and not checkout.last_error.startswith("http_")


def _find(checkout: CheckoutSession, *, gateway: PaymentGateway) -> SessionFact | None:
    window = gateway.sessions_between(
        since=checkout.created_at - WINDOW, until=checkout.created_at + WINDOW
    )
    return next((fact for fact in window if fact.checkout_ref == checkout.reference), None)


def _record(checkout: CheckoutSession, fact: SessionFact, *, now: datetime) -> None:
    telling = Telling(mode=settings.DEPLOYMENT_MODE, source=Source.SWEEP, now=now, occurred_at=now)
    with transaction.atomic(durable=True):
        record_session(telling, fact)
        still_open = fact.status == "open"
        checkout.write_fenced(next_check_at=now + timedelta(hours=1) if still_open else None)


def _close_as_never_made(checkout: CheckoutSession) -> None:
    """Stripe has no session of this reference, so nobody can have paid it."""
    with transaction.atomic(durable=True):
        try:
            checkout.move(CheckoutState.FAILED, last_error="never_made", next_check_at=None)
        except LostRace:
            logger.info("checkout settled meanwhile", extra={"checkout": checkout.reference})


def _put_off(checkout: CheckoutSession, error: GatewayError, *, now: datetime) -> None:
    """Try again later; after twelve tries the row stays for a person, still honest: unknown."""
    attempts = checkout.attempts + 1
    is_over = attempts >= CHECKS_MAX or isinstance(error, GatewayRefused)
    with transaction.atomic(durable=True):
        if isinstance(error, GatewayRefused) and checkout.can_move(CheckoutState.FAILED):
            checkout.move(CheckoutState.FAILED)
            tell_of_refusal(checkout, code=error.code, now=now)
        checkout.write_fenced(
            attempts=min(attempts, 32_000),
            last_error=_worse(checkout.last_error, error),
            next_check_at=None if is_over else now + backoff(attempts),
        )


def _worse(known: str, error: GatewayError) -> str:
    """Keep a 5xx in mind: after one, the same key would only replay it."""
    keeps = known.startswith("http_") and isinstance(error, GatewayUnknown)
    return known if keeps and error.is_replayable else error.code  # type: ignore[attr-defined]
