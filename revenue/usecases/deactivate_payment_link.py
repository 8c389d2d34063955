"""Switching a payment link off, so that nobody can pay by it any more."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kernel.retries import next_attempt
from ledger import operations as ledger
from revenue.enums import PaymentLinkState
from revenue.models import PaymentLink
from revenue.operations.links import record_link_off
from revenue.policy import CALL_TIME
from revenue.ports import PaymentGateway


class LinkNotActive(Exception):
    """There is nothing to switch off: the link was used, or was never made."""


def deactivate_payment_link(
    reference: str, *, actor_id: int, gateway: PaymentGateway, now: datetime
) -> PaymentLink:
    """Switch an active link off at Stripe, then here; who asked for it is audited first.

    Safe to repeat. A payment that came through meanwhile wins: the link then says ``used``.
    Where Stripe does not answer, the row remembers that somebody asked, and the sweep goes on.
    Raises LinkNotActive before Stripe is asked, and the gateway's errors.
    """
    link = _ask_for_it(reference, actor_id=actor_id, now=now)
    if link.state == PaymentLinkState.ACTIVE:
        answer = gateway.deactivate_payment_link(
            str(link.stripe_id), key=f"{link.reference}:off:{link.attempts}"
        )
        with transaction.atomic(durable=True):
            record_link_off(link, answer, now=now)
        link.refresh_from_db()
    return link


@transaction.atomic(durable=True)
def _ask_for_it(reference: str, *, actor_id: int, now: datetime) -> PaymentLink:
    """Write down who asked, before Stripe is called; the sweep asks if we never hear of it.

    Each call has a number, and so a key of its own: Stripe replays a 5xx for a day.
    """
    link = PaymentLink.objects.select_for_update(no_key=True).get(reference=reference)
    if link.state == PaymentLinkState.DEACTIVATED:
        return link
    if link.state != PaymentLinkState.ACTIVE or not link.stripe_id:
        raise LinkNotActive(link.state)
    link.next_check_at = now + CALL_TIME
    link.attempts = next_attempt(link.attempts)
    if link.off_asked_at is None:
        link.off_asked_at, link.off_asked_by_id = now, actor_id
        ledger.audit(
            actor_id=actor_id,
            event="payment_link.off_asked",
            subject=link.reference,
            mode=link.mode,
            trace_ref=link.trace_ref,
            key=f"payment_link.off_asked:{link.reference}",
            now=now,
        )
    link.save(update_fields=["next_check_at", "attempts", "off_asked_at", "off_asked_by"])
    return link
