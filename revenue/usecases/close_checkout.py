"""Closing a prepared checkout, so that nobody can pay it any more."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from kernel.retries import next_attempt
from ledger import operations as ledger
from revenue.enums import CheckoutOrigin, CheckoutState
from revenue.exchanges.checkouts import close_at_stripe
from revenue.models import CheckoutSession
from revenue.ports import PaymentGateway
from revenue.retries import CALL_TIME


class CheckoutNotOpen(Exception):
    """There is nothing to close: it was paid, or ran out, or was not prepared from a deal."""


def close_checkout(
    reference: str, *, actor_id: int, gateway: PaymentGateway, now: datetime
) -> CheckoutSession:
    """Expire an open checkout of a deal at Stripe, then here; who asked for it is audited first.

    Safe to repeat. A payment that came through meanwhile wins: the checkout is then ``complete``.
    Where Stripe does not answer, the row remembers that somebody asked, and the sweep goes on.
    Raises CheckoutNotOpen before Stripe is asked, and the gateway's errors.
    """
    checkout = _ask_for_it(reference, actor_id=actor_id, now=now)
    close_at_stripe(checkout, gateway=gateway, now=now)
    return checkout


@transaction.atomic(durable=True)
def _ask_for_it(reference: str, *, actor_id: int, now: datetime) -> CheckoutSession:
    """Write down who asked, before Stripe is called; the sweep looks if we never hear of it."""
    rows = CheckoutSession.objects.filter(mode=settings.DEPLOYMENT_MODE)
    checkout = rows.select_for_update(no_key=True).get(reference=reference)
    if checkout.state != CheckoutState.OPEN or checkout.origin != CheckoutOrigin.DEAL:
        raise CheckoutNotOpen(checkout.state)
    checkout.next_check_at = now + CALL_TIME
    checkout.attempts = next_attempt(checkout.attempts)
    if checkout.close_asked_at is None:
        checkout.close_asked_at, checkout.close_asked_by_id = now, actor_id
        ledger.audit(
            actor_id=actor_id,
            event="checkout.close_asked",
            subject=checkout.reference,
            mode=checkout.mode,
            trace_ref=checkout.trace_ref,
            key=f"checkout.close_asked:{checkout.reference}",
            now=now,
        )
    checkout.save(update_fields=["next_check_at", "attempts", "close_asked_at", "close_asked_by"])
    return checkout
