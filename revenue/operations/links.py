"""Payment links as the sale moves them."""

from __future__ import annotations

from revenue.enums import PaymentLinkState
from revenue.models import CheckoutSession, PaymentLink


def close_link(checkout: CheckoutSession) -> None:
    """Mark the payment link of a completed session as used."""
    if checkout.payment_link_id is None:
        return
    link = PaymentLink.objects.select_for_update(no_key=True).get(pk=checkout.payment_link_id)
    if link.can_move(PaymentLinkState.USED):
        link.move(PaymentLinkState.USED)
