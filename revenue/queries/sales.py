"""What was sold through a deal, a trace or a contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from revenue.models import CheckoutSession, Order, PaymentLink
from revenue.queries.rows import (
    CheckoutRow,
    OrderRow,
    PaymentLinkRow,
    checkout_row,
    order_row,
    payment_link_row,
    with_order_parts,
)

SALES_PER_DEAL_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesOfDeal:
    """The checkouts, links and orders of one deal, newest first."""

    checkouts: Sequence[CheckoutRow]
    payment_links: Sequence[PaymentLinkRow]
    orders: Sequence[OrderRow]


def sales_of_deal(deal_id: int) -> SalesOfDeal:
    """Return what was prepared for a deal and what came of it, the newest fifty of each."""
    checkouts = CheckoutSession.objects.filter(deal=deal_id).select_related("offer")
    links = PaymentLink.objects.filter(deal=deal_id).select_related("offer")
    orders = with_order_parts(Order.objects.filter(deal=deal_id))
    return SalesOfDeal(
        checkouts=[checkout_row(one) for one in checkouts.order_by("-id")[:SALES_PER_DEAL_MAX]],
        payment_links=[payment_link_row(one) for one in links.order_by("-id")[:SALES_PER_DEAL_MAX]],
        orders=[order_row(one) for one in orders.order_by("-id")[:SALES_PER_DEAL_MAX]],
    )
