"""Switching a payment link off, so that nobody can pay by it any more."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from revenue.exchanges.payment_links import switch_off_at_stripe
from revenue.models import PaymentLink
from revenue.operations.links import ask_link_off
from revenue.ports import PaymentGateway


def deactivate_payment_link(
    reference: str, *, actor_id: int, gateway: PaymentGateway, now: datetime
) -> PaymentLink:
    """Switch an active link off at Stripe, then here; who asked for it is audited first.

    Safe to repeat. A payment that came through meanwhile wins: the link then says ``used``.
    Where Stripe does not answer, the row remembers that somebody asked, and the sweep goes on.
    Raises LinkNotActive before Stripe is asked, and the gateway's errors.
    """
    with transaction.atomic(durable=True):
        link = ask_link_off(reference, actor_id=actor_id, now=now)
    switch_off_at_stripe(link, gateway=gateway, now=now)
    return link
