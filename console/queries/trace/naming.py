"""What a sale is called on top of its page: the offer, the sum, how it stands; no person."""

from __future__ import annotations

from typing import Final

from console.queries.trace.gathering import Sale
from crm.enums import DealStage
from revenue.enums import CheckoutState, OrderState, PaymentLinkState
from revenue.queries import CheckoutRow, PaymentLinkRow

ORDERS: Final = {
    OrderState.AWAITING_PAYMENT: "the bank is processing it",
    OrderState.PAID: "paid",
    OrderState.PARTIALLY_REFUNDED: "paid, partly refunded",
    OrderState.REFUNDED: "paid and refunded",
    OrderState.REFUND_OWED: "paid, a refund is owed",
    OrderState.DISPUTED: "paid, then disputed",
    OrderState.FAILED: "the payment failed",
    OrderState.NEEDS_REVIEW: "a person has to decide",
    OrderState.NOT_OURS: "not ours",
}
ASKED: Final = "paid, and the bank asks about it"  # disputed, and nothing was withdrawn
CHECKOUTS: Final = {
    CheckoutState.UNKNOWN: "being opened",
    CheckoutState.OPEN: "not paid yet",
    CheckoutState.COMPLETE: "completed",
    CheckoutState.EXPIRED: "expired unpaid",
    CheckoutState.FAILED: "never opened",
}
LINKS: Final = {
    PaymentLinkState.UNKNOWN: "link being made",
    PaymentLinkState.ACTIVE: "link not used yet",
    PaymentLinkState.USED: "link used",
    PaymentLinkState.DEACTIVATED: "link switched off",
    PaymentLinkState.FAILED: "link never made",
}
DEALS: Final = {
    DealStage.LEAD: "waits for an answer",
    DealStage.WON: "won",
    DealStage.LOST: "declined or lost",
}


def title_of(sale: Sale) -> str:
    """Return the sale's name in one line, as far as it is known what is being sold."""
    rows = sale.rows
    if len(rows.orders) > 1:
        return f"{_sold(sale, rows.orders[0].checkout_id)}: {len(rows.orders)} orders"
    if rows.orders:
        order = rows.orders[0]
        stands = ASKED if order.is_inquiry else ORDERS[order.state]
        return f"{_sold(sale, order.checkout_id)} for {order.total}: {stands}"
    if rows.checkouts:
        checkout = rows.checkouts[-1]
        return f"{_priced(checkout)}: {CHECKOUTS[checkout.state]}"
    if rows.payment_links:
        link = rows.payment_links[-1]
        return f"{_priced(link)}: {LINKS[link.state]}"
    if sale.deals:
        asked = "A request" if sale.is_asked else "A deal"
        return f"{asked}: {DEALS.get(DealStage(sale.deals[0].stage), 'accepted, nothing sold yet')}"
    return "A sale of which little is known"


def _sold(sale: Sale, checkout_id: int) -> str:
    offers = [row.offer for row in sale.rows.checkouts if row.id == checkout_id and row.offer]
    return offers[0].title if offers else "A payment that no checkout explains"


def _priced(row: CheckoutRow | PaymentLinkRow) -> str:
    title = row.offer.title if row.offer else "A checkout of nobody’s"
    return f"{title} for {row.price}" if row.price else title
