"""Which verdict about an order stands: the newest one, and none once it was taken back."""

from __future__ import annotations

from revenue.enums import CheckoutOrigin, OrderState, ReviewVerdict
from revenue.models import Order, OrderReview
from revenue.queries.refundable import on_its_way


def newest_review(order: Order) -> OrderReview | None:
    """Return the last word on ``order``, be it that it is open again. One statement."""
    reviews = OrderReview.objects.filter(order=order).select_related("decided_by")
    return reviews.order_by("-pk").first()


def current_verdict(order: Order) -> str:
    """Return the verdict that stands, "" where nobody has decided (any more). One statement."""
    review = newest_review(order)
    return "" if review is None or review.verdict == ReviewVerdict.REOPENED else review.verdict


def is_of_ours(order: Order) -> bool:
    """Say whether the payer bought here: of another shop's refunds nobody hears from us."""
    if order.offer_id is not None:
        return order.state != OrderState.NOT_OURS
    return current_verdict(order) in (ReviewVerdict.ACCEPTED, ReviewVerdict.REFUND)


def why_not_reopened(
    order: Order, newest: OrderReview | None, *, going_back_minor: int | None = None
) -> str:
    """Say in a sentence why the newest verdict cannot be taken back; "" when it can.

    One that nothing has come of can: not ours, or a refund that never went on its way. What is on
    its way is read, unless it was and is given as ``going_back_minor``.
    """
    if order.state == OrderState.NOT_OURS:
        is_held = order.paid_at is None or order.refundable.amount_minor or not order.amount_minor
        return "" if is_held else "All of the money went back, so there is nothing to decide."
    if newest is None or newest.verdict == ReviewVerdict.REOPENED:
        return "Nobody has decided about this order, so there is nothing to take back."
    if order.state != OrderState.NEEDS_REVIEW:
        return f"This order is {OrderState(order.state).label}: there is nothing to take back."
    if on_its_way(order) if going_back_minor is None else going_back_minor:
        return "A refund is on its way, so the verdict stands."
    return ""


def may_be_anothers(order: Order) -> bool:
    """Say whether the payment may be none of ours: no checkout or link of ours took it."""
    return order.checkout.origin == CheckoutOrigin.FOREIGN
