"""Checkouts and payment links, one by one, and the order that came of one."""

from __future__ import annotations

from typing import Final

from revenue.models import CheckoutSession, Order, PaymentLink

SESSIONS_SHOWN_MAX: Final = 20


def checkout_by_reference(reference: str, *, mode: str) -> CheckoutSession | None:
    """Return a checkout of ``mode`` with its offer, or None."""
    checkouts = CheckoutSession.objects.select_related("offer")
    return checkouts.filter(reference=reference, mode=mode).first()


def prepared_checkout(reference: str) -> CheckoutSession | None:
    """Return a checkout of any mode with all that operators see around it, or None."""
    around = ("offer", "payment_link", "close_asked_by")
    return CheckoutSession.objects.select_related(*around).filter(reference=reference).first()


def order_of_checkout(checkout_id: int) -> Order | None:
    """Return the order that came of a checkout; None while there is none."""
    return Order.objects.filter(checkout=checkout_id).first()


def payment_link_by_reference(reference: str, *, mode: str = "") -> PaymentLink | None:
    """Return a payment link with its offer, or None; "" means any mode."""
    links = PaymentLink.objects.select_related("offer").filter(reference=reference)
    return (links.filter(mode=mode) if mode else links).first()


def sessions_of_link(link: PaymentLink) -> list[CheckoutSession]:
    """Return the newest sessions that a link made, with their orders. One statement."""
    made = CheckoutSession.objects.filter(payment_link=link).select_related(
        "order__double_of", "order__double_verdict"
    )
    return list(made.order_by("-id")[:SESSIONS_SHOWN_MAX])
