"""Payment links as Stripe's answers and the sale move them."""

from __future__ import annotations

from datetime import datetime

from crm import operations as crm
from crm.enums import ActivityKind
from kernel.retries import next_attempt
from ledger import operations as ledger
from revenue.enums import PaymentLinkState
from revenue.models import CheckoutSession, PaymentLink
from revenue.ports import OpenedLink
from revenue.retries import CALL_TIME


class LinkNotActive(Exception):
    """There is nothing to switch off: the link was used, or was never made."""


def ask_link_off(reference: str, *, actor_id: int, now: datetime) -> PaymentLink:
    """Write down who asked, before Stripe is called; the sweep asks if we never hear of it.

    Raises LinkNotActive.
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


def record_link(link: PaymentLink, made: OpenedLink, *, now: datetime) -> None:
    """Write what Stripe made; whoever wrote it first has said the same."""
    held = _lock(link.pk)
    if held.state in (PaymentLinkState.UNKNOWN, PaymentLinkState.FAILED):
        held.move(
            PaymentLinkState.ACTIVE,
            stripe_id=made.link_id,
            url=made.url,
            next_check_at=None,
            last_error="",
        )
    if held.state == PaymentLinkState.ACTIVE and not made.is_active:
        held.move(PaymentLinkState.DEACTIVATED, deactivated_at=now, next_check_at=None)


def record_link_off(link: PaymentLink, answer: OpenedLink, *, now: datetime) -> None:
    """Write that Stripe says the link is off; a payment that came meanwhile stays the last word."""
    held = _lock(link.pk)
    if answer.is_active or held.state != PaymentLinkState.ACTIVE:
        return
    held.move(PaymentLinkState.DEACTIVATED, deactivated_at=now, next_check_at=None, last_error="")
    crm.note(
        deal_id=held.deal_id,
        kind=ActivityKind.LINK_DEACTIVATED,
        refs={"link": held.reference},
        amount=held.price,
        actor_id=held.off_asked_by_id,
        now=now,
        key=f"{ActivityKind.LINK_DEACTIVATED}:{held.reference}",
    )


def close_link(checkout: CheckoutSession, *, link_id: str) -> None:
    """Mark the payment link of a completed session as used.

    ``link_id`` is Stripe's: a session that it made proves a link whose making never reached us.
    """
    if checkout.payment_link_id is None:
        return
    link = _lock(checkout.payment_link_id)
    if link.can_move(PaymentLinkState.ACTIVE):
        link.move(
            PaymentLinkState.ACTIVE,
            stripe_id=link_id,
            next_check_at=None,
            last_error="",
        )
    if link.can_move(PaymentLinkState.USED):
        link.move(PaymentLinkState.USED, next_check_at=None)


def _lock(link_id: int) -> PaymentLink:
    return PaymentLink.objects.select_for_update(no_key=True).get(pk=link_id)
