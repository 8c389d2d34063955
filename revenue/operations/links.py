"""Payment links as the sale moves them."""

from __future__ import annotations

from revenue.enums import PaymentLinkState
from revenue.models import CheckoutSession, PaymentLink


def close_link(checkout: CheckoutSession, *, link_id: str) -> None:
    """Mark the payment link of a completed session as used.

    ``link_id`` is Stripe's: a session that it made proves a link whose making never reached us.
    """
    if checkout.payment_link_id is None:
        return
    link = PaymentLink.objects.select_for_update(no_key=True).get(pk=checkout.payment_link_id)
    if link.can_move(PaymentLinkState.ACTIVE):
        link.move(
            PaymentLinkState.ACTIVE,
            stripe_id=link_id,
            next_check_at=None,
            leased_until=None,
            last_error="",
        )
    if link.can_move(PaymentLinkState.USED):
        link.move(PaymentLinkState.USED, next_check_at=None)
