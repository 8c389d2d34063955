"""Switching a payment link off, so that nobody can pay by it any more."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from crm import operations as crm
from crm.enums import ActivityKind
from revenue.enums import PaymentLinkState
from revenue.models import PaymentLink
from revenue.ports import PaymentGateway


class LinkNotActive(Exception):
    """There is nothing to switch off: the link was used, or was never made."""


def deactivate_payment_link(
    reference: str, *, actor_id: int, gateway: PaymentGateway, now: datetime
) -> PaymentLink:
    """Switch an active link off at Stripe, then here.

    Safe to repeat. A payment that came through meanwhile wins: the link then says ``used``.
    Raises LinkNotActive before Stripe is asked; the gateway's errors, with the row unchanged.
    """
    link = PaymentLink.objects.get(reference=reference)
    if link.state == PaymentLinkState.DEACTIVATED:
        return link
    if link.state != PaymentLinkState.ACTIVE or not link.stripe_id:
        raise LinkNotActive(link.state)
    gateway.deactivate_payment_link(link.stripe_id)
    with transaction.atomic(durable=True):
        held = PaymentLink.objects.select_for_update(no_key=True).get(pk=link.pk)
        if held.state == PaymentLinkState.ACTIVE:
            held.move(PaymentLinkState.DEACTIVATED, deactivated_at=now)
            crm.note(
                deal_id=held.deal_id,
                kind=ActivityKind.LINK_DEACTIVATED,
                refs={"link": held.reference},
                amount=held.price,
                actor_id=actor_id,
                now=now,
                key=f"{ActivityKind.LINK_DEACTIVATED}:{held.reference}",
            )
    return held
