"""What was sold through a deal, a trace or a contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from revenue.models import CheckoutSession, Order, PaymentLink

SALES_PER_DEAL_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesOfDeal:
    """The checkouts, links and orders of one deal, newest first."""

    checkouts: Sequence[CheckoutSession]
    payment_links: Sequence[PaymentLink]
    orders: Sequence[Order]


def sales_of_deal(deal_id: int) -> SalesOfDeal:
    """Return what was prepared for a deal and what came of it, the newest fifty of each."""
    checkouts = CheckoutSession.objects.filter(deal=deal_id).select_related("offer")
    links = PaymentLink.objects.filter(deal=deal_id).select_related("offer")
    orders = Order.objects.filter(deal=deal_id).select_related(
        "offer", "double_of", "double_verdict"
    )
    return SalesOfDeal(
        checkouts=list(checkouts.order_by("-id")[:SALES_PER_DEAL_MAX]),
        payment_links=list(links.order_by("-id")[:SALES_PER_DEAL_MAX]),
        orders=list(orders.order_by("-id")[:SALES_PER_DEAL_MAX]),
    )
