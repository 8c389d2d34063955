"""What of an order may still be refunded, and why not."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db.models import Sum

from kernel.money import Money
from revenue.enums import RefundState
from revenue.models import Dispute, Order, Refund, RefundRequest
from revenue.policy import DISPUTES_CLOSED

OPEN_STATES: Final = (RefundState.UNKNOWN, RefundState.REQUESTED)
UNDER_WAY_AT_STRIPE: Final = ("pending", "requires_action")


def refundable_now(order: Order, *, going_back_minor: int | None = None) -> Money:
    """Return what of the payment may still be asked back.

    What was refunded is off, what banks hold back for disputes, and what is on its way: read,
    unless it was and is given as ``going_back_minor``.
    """
    if going_back_minor is None:
        going_back_minor = on_its_way(order)
    return Money(max(0, order.refundable.amount_minor - going_back_minor), order.currency)


def on_its_way(order: Order) -> int:
    """Return what is going back just now, in minor units. Three statements.

    Open requests of ours, and refunds that Stripe has started but not finished, each counted once.
    """
    at_stripe = Refund.objects.filter(
        order=order, status__in=UNDER_WAY_AT_STRIPE, currency=order.currency
    )
    known_ids = set(Refund.objects.filter(order=order).values_list("stripe_id", flat=True))
    asked = RefundRequest.objects.filter(order=order, state__in=OPEN_STATES)
    begun = at_stripe.aggregate(total=Sum("amount_minor"))["total"] or 0
    return begun + sum(
        request.amount_minor for request in asked if request.stripe_id not in known_ids
    )


def why_not_refundable(order: Order, *, refundable: Money | None = None) -> str:
    """Say in a sentence why nothing of ``order`` can be refunded from here; "" when it can.

    Who says the sum as well gives it as ``refundable``: read a second time it may be another.

    No verdict stands in the way: whatever a person decided, money that is held may go back.
    """
    fights = Dispute.objects.filter(order=order).exclude(status__in=DISPUTES_CLOSED)
    if order.mode != settings.DEPLOYMENT_MODE:
        return f"This is a {order.mode} order; a {settings.DEPLOYMENT_MODE} key cannot refund it."
    if order.paid_at is None:
        return "Nothing was paid, so there is nothing to refund."
    if not order.payment_intent_id or not order.amount_minor:
        return "Nothing was charged, so there is nothing to refund."
    if fights.exclude(status__startswith="warning_").exists():
        return "The buyer disputes this payment: the bank decides. Answer the dispute at Stripe."
    if refundable is None:
        refundable = refundable_now(order)
    if not refundable.amount_minor:
        if order.disputed_minor:
            return "Nothing of it is held any more: banks took back what was not refunded."
        return "All of it was refunded already, or is on its way."
    return ""
