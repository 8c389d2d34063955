"""Who holds a link to what."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from crm import queries as crm
from kernel.modes import Mode
from revenue.models import Order, OrderLink
from revenue.policy import token_digest

LINKED_ORDERS_MAX = 3


def link_of_token(token: str) -> OrderLink | None:
    """Return the link that ``token`` opens, with its checkout; None if unknown or revoked."""
    links = OrderLink.objects.select_related("checkout")
    return links.filter(token_sha256=token_digest(token), revoked_at=None).first()


def opens_checkout(link_ids: Sequence[int], *, checkout_id: int) -> bool:
    """Say whether one of these links is to that checkout and not revoked."""
    links = OrderLink.objects.filter(pk__in=link_ids, checkout_id=checkout_id, revoked_at=None)
    return bool(link_ids) and links.exists()


def orders_of_address(email: str, *, mode: Mode) -> list[Order]:
    """Return the newest three orders paid from ``email``, whatever its capitals.

    Found by the address as typed and by the contact that crm knows under it; given only where
    Stripe itself returned that address, because the mail goes there.
    """
    contact = crm.contact_by_email(email)
    is_it = Q(buyer_email__in={email, email.lower()})
    if contact is not None:
        is_it |= Q(contact_id=contact.id)
    found = Order.objects.filter(is_it, mode=mode).order_by("-id")[: 10 * LINKED_ORDERS_MAX]
    same = [order for order in found if order.buyer_email.casefold() == email.casefold()]
    return same[:LINKED_ORDERS_MAX]
