"""Checkout Sessions at Stripe: the call that opens one, and what became of those nobody knows."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from kernel.exchanges import NEVER_MADE, Clock, NotMade, found_out, look_after_due, made_by
from kernel.retries import error_to_keep, may_repeat, next_attempt
from kernel.transitions import LostRace
from revenue.enums import CheckoutOrigin, CheckoutState, Source
from revenue.exchanges.cards import notice_cards
from revenue.models import CheckoutSession
from revenue.operations.alerts import tell_of_refusal
from revenue.operations.fact_recording import record
from revenue.operations.recording_context import RecordingContext, Unrecordable
from revenue.ports import (
    PRICE_GONE,
    GatewayError,
    GatewayRefused,
    GatewayUnreadable,
    NotFound,
    PaymentGateway,
    SessionFact,
)
from revenue.retries import CALL_RETRIES, KEY_KEPT

logger = logging.getLogger(__name__)

WINDOW: Final = timedelta(minutes=10)  # the clocks of two houses may differ
ABANDONED_AFTER: Final = timedelta(minutes=30)
LEASE: Final = timedelta(minutes=2)


def open_at_stripe(
    checkout: CheckoutSession,
    *,
    gateway: PaymentGateway,
    now: datetime,
    is_new: bool = False,
    is_last: bool = False,
) -> CheckoutSession:
    """Make the call that the row describes, unless its answer is known, and keep the answer.

    Safe to repeat: the idempotency key is the row's own reference. Where the same call would tell
    nothing, or might make a second session, the row stays ``unknown`` and the sweep looks.
    ``is_new`` says that the caller inserted the row; ``is_last`` that none follows in its place,
    even if Stripe sells nothing at its price.
    """
    if checkout.state != CheckoutState.UNKNOWN or not _may_repeat(checkout, now=now):
        return checkout
    is_anothers = checkout.is_leased(now=now)
    with suppress(LostRace):  # an event was faster, or a sweep that claimed the row
        try:
            fact = made_by(lambda: _open(checkout, gateway=gateway), is_first=is_new)
        except NotMade as proof:
            if not is_anothers:
                is_alerted = is_last or proof.code not in PRICE_GONE
                _close_as_not_made(checkout, code=proof.code, is_alerted=is_alerted, now=now)
        except GatewayError as error:
            if not is_anothers:
                _put_off(checkout, error, now=now)
        else:
            with transaction.atomic(durable=True):
                record(_context(Source.ANSWER, now=now), fact)
    checkout.refresh_from_db()
    return checkout


def close_at_stripe(checkout: CheckoutSession, *, gateway: PaymentGateway, now: datetime) -> None:
    """Expire an open session, so that nobody can pay it. Raises the gateway's errors."""
    key = f"{checkout.reference}:expire:{checkout.attempts}"
    fact = _expired_or_as_it_is(str(checkout.stripe_id), key=key, gateway=gateway)
    with transaction.atomic(durable=True):
        record(_context(Source.ANSWER, now=now), fact)
    notice_cards([fact], source=Source.ANSWER, now=now)
    checkout.refresh_from_db()


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
    except NotMade as proof:
        is_alerted = proof.code != NEVER_MADE
        _close_as_not_made(checkout, code=proof.code, is_alerted=is_alerted, now=now)
    except GatewayError as error:
        _put_off_and_tell(checkout, error, now=now)
    except Unrecordable as problem:  # its event is dead, and names it too
        _put_off_and_tell(checkout, GatewayUnreadable(str(problem)), now=now)


def _ask(checkout: CheckoutSession, *, gateway: PaymentGateway, now: datetime) -> SessionFact:
    """Return what Stripe knows of the checkout. Raises NotMade, and the gateway's errors."""
    if checkout.stripe_id:
        fact = gateway.read_session(checkout.stripe_id)
        is_over = checkout.close_asked_at is not None  # by a person, and the answer went missing
    else:
        fact = found_out(
            lambda: _open(checkout, gateway=gateway),
            find=lambda: _find(checkout, gateway=gateway, now=now),
            may_repeat=_may_repeat(checkout, now=now),
        )
        is_over = _is_abandoned(checkout, now=now)
    if is_over and fact.status == "open":
        key = f"{checkout.reference}:expire:{next_attempt(checkout.attempts)}"
        return _expired_or_as_it_is(fact.session_id, key=key, gateway=gateway)
    return fact


def _open(checkout: CheckoutSession, *, gateway: PaymentGateway) -> SessionFact:
    return gateway.open_checkout(key=checkout.reference, parameters=checkout.parameters or {})


def _find(
    checkout: CheckoutSession, *, gateway: PaymentGateway, now: datetime
) -> SessionFact | None:
    """Look for the session from its row's making to the last moment that could have made it."""
    last = min(now, checkout.created_at + KEY_KEPT)
    window = gateway.sessions_between(since=checkout.created_at - WINDOW, until=last + WINDOW)
    return next((fact for fact in window if fact.checkout_ref == checkout.reference), None)


def _may_repeat(checkout: CheckoutSession, *, now: datetime) -> bool:
    return may_repeat(
        made_at=checkout.created_at, last_error=checkout.last_error, key_kept=KEY_KEPT, now=now
    )


def _expired_or_as_it_is(session_id: str, *, key: str, gateway: PaymentGateway) -> SessionFact:
    """Expire a session; what is not open any more is refused, and then read as it is.

    ``key`` is another one for each attempt of its row: Stripe replays a 5xx for a day.
    """
    try:
        return gateway.expire_session(session_id, key=key)
    except GatewayRefused:
        return gateway.read_session(session_id)


def _is_abandoned(checkout: CheckoutSession, *, now: datetime) -> bool:
    """Its buyer left long ago: better that nobody can pay it any more."""
    is_visitors = checkout.origin == CheckoutOrigin.OFFER_PAGE
    return is_visitors and now - checkout.created_at > ABANDONED_AFTER


def _record(checkout: CheckoutSession, fact: SessionFact, *, now: datetime) -> None:
    with transaction.atomic(durable=True):
        record(_context(Source.SWEEP, now=now), fact)
        still_open = fact.status == "open"
        checkout.write_fenced(next_check_at=now + timedelta(hours=1) if still_open else None)
    notice_cards([fact], source=Source.SWEEP, now=now)


def _context(source: Source, *, now: datetime) -> RecordingContext:
    return RecordingContext(mode=settings.DEPLOYMENT_MODE, source=source, now=now, occurred_at=now)


def _close_as_not_made(
    checkout: CheckoutSession, *, code: str, is_alerted: bool, now: datetime
) -> None:
    """Stripe has no session of this reference, so nobody can have paid it. Raises LostRace."""
    with transaction.atomic(durable=True):
        checkout.move_fenced(CheckoutState.FAILED, last_error=code, next_check_at=None)
        if is_alerted:
            tell_of_refusal(checkout, code=code, now=now)


def _put_off_and_tell(checkout: CheckoutSession, error: GatewayError, *, now: datetime) -> None:
    with transaction.atomic(durable=True):
        _put_off(checkout, error, now=now)
        if isinstance(error, GatewayRefused) and checkout.state == CheckoutState.UNKNOWN:
            tell_of_refusal(checkout, code=error.code, now=now)


def _put_off(checkout: CheckoutSession, error: GatewayError, *, now: datetime) -> None:
    """Ask again later, ever more seldom, for as long as it takes: unknown stays unknown.

    Only a session whose id Stripe does not know is asked about no more. Raises LostRace.
    """
    attempts = next_attempt(checkout.attempts)
    is_over = isinstance(error, NotFound) and bool(checkout.stripe_id)
    checkout.write_unmoved(
        attempts=attempts,
        last_error=error_to_keep(known=checkout.last_error, new=error.code),
        next_check_at=None if is_over else now + CALL_RETRIES.after(attempts),
    )
