"""Lists of orders for people: all of them, one buyer's, those that need a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Q, Subquery

from kernel.modes import Mode
from kernel.money import Money
from kernel.paging import Cursor, Page, page_of
from revenue.enums import OrderState, ReviewReason, ReviewVerdict
from revenue.models import Offer, Order, OrderReview, Refund, RefundRequest
from revenue.queries.doubles import possible_doubles
from revenue.queries.refundable import OPEN_STATES, UNDER_WAY_AT_STRIPE
from revenue.queries.rows import OfferRow, OrderRow, offer_row, order_row, with_order_parts

NoSuchOrder = Order.DoesNotExist
ROWS_PER_PAGE: Final = 50
OFFERS_LISTED_MAX: Final = 100


def orders_page(
    *,
    cursor: Cursor,
    state: str = "",
    mode: str = "",
    offer_id: int | None = None,
    is_possible_double: bool = False,
) -> Page[OrderRow]:
    """Return one page of orders, newest first; "", None and False mean any. One statement."""
    orders = possible_doubles() if is_possible_double else Order.objects.all()
    if state:
        orders = orders.filter(state=state)
    if mode:
        orders = orders.filter(mode=mode)
    if offer_id is not None:
        orders = orders.filter(offer_id=offer_id)
    page = page_of(with_order_parts(orders), cursor=cursor, limit=ROWS_PER_PAGE)
    return page.map(order_row)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderToReview:
    """An order that a person has to look at, and how far that is."""

    reference: str
    mode: str
    reason: ReviewReason | None
    asked: Money | None  # what our checkout asked for; None where none explains the payment
    total: Money
    placed_at: datetime
    verdict: ReviewVerdict | None  # the newest
    is_refund_under_way: bool


def orders_to_review(*, cursor: Cursor) -> Page[OrderToReview]:
    """Return one page of the orders that a person has to look at, newest first. One statement."""
    waiting = Order.objects.filter(state=OrderState.NEEDS_REVIEW, mode__in=Mode.values)
    reviews = OrderReview.objects.filter(order=OuterRef("pk")).order_by("-pk")
    open_requests = RefundRequest.objects.filter(order=OuterRef("pk"), state__in=OPEN_STATES)
    begun = Refund.objects.filter(order=OuterRef("pk"), status__in=UNDER_WAY_AT_STRIPE)
    judged = waiting.select_related("checkout").annotate(
        verdict=Subquery(reviews.values("verdict")[:1]),
        is_refund_under_way=Exists(open_requests) | Exists(begun),
    )
    return page_of(judged, cursor=cursor, limit=ROWS_PER_PAGE).map(_to_review)


def _to_review(order: Order) -> OrderToReview:
    """Read one order of ``orders_to_review``, which adds ``verdict`` and what is under way."""
    verdict = getattr(order, "verdict", None)
    return OrderToReview(
        reference=order.reference,
        mode=order.mode,
        reason=ReviewReason(order.review_reason) if order.review_reason else None,
        asked=order.checkout.price,
        total=order.total,
        placed_at=order.placed_at,
        verdict=ReviewVerdict(verdict) if verdict else None,
        is_refund_under_way=bool(getattr(order, "is_refund_under_way", False)),
    )


def orders_of_buyer(*, email: str, contact_id: int | None, limit: int) -> list[OrderRow]:
    """Return the newest orders of a contact, and those that name ``email``. One statement.

    An order that a person has to decide about has no contact yet.
    """
    is_it = Q(buyer_email__in={email, email.lower()})
    if contact_id is not None:
        is_it |= Q(contact_id=contact_id)
    orders = with_order_parts(Order.objects.filter(is_it)).order_by("-pk")
    return [order_row(order) for order in orders[:limit]]


def offers_ever_sold() -> list[OfferRow]:
    """Return the newest offer versions, drafts left out, for a filter. One statement."""
    sold = Offer.objects.filter(published_at__isnull=False).order_by("title", "-version")
    return [offer_row(offer) for offer in sold[:OFFERS_LISTED_MAX]]
