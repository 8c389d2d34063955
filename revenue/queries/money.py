"""What we know of payments and refunds."""

from __future__ import annotations

from django.db.models import Q, Sum

from kernel.money import Money
from revenue.models import Order, Refund
from revenue.policy import REFUNDS_UNDONE
from revenue.ports import RefundFact


def _order_of(*, payment_intent_id: str, charge_id: str, mode: str) -> Order | None:
    """Return the order of a payment, with its sum; None where no order or no payment is known."""
    is_it = Q(payment_intent_id=payment_intent_id) if payment_intent_id else Q()
    is_it = is_it | Q(charge_id=charge_id) if charge_id else is_it
    if not is_it:
        return None
    return Order.objects.filter(is_it, mode=mode).only("amount_minor", "currency").first()


def is_payment_known(*, payment_intent_id: str, mode: str) -> bool:
    """Say whether a paid order of this payment is recorded."""
    return Order.objects.filter(
        payment_intent_id=payment_intent_id, mode=mode, paid_at__isnull=False
    ).exists()


def known_refunds(*, payment_intent_id: str, charge_id: str, mode: str) -> Money | None:
    """Return the sum of succeeded refunds we know of a payment, in the currency it was paid in.

    None when we know no order of that payment.
    """
    order = _order_of(payment_intent_id=payment_intent_id, charge_id=charge_id, mode=mode)
    return None if order is None else _made(order)


def _made(order: Order) -> Money:
    made = Refund.objects.filter(order=order, status="succeeded", currency=order.currency)
    return Money(made.aggregate(total=Sum("amount_minor"))["total"] or 0, order.currency)


def exceeds_what_is_left(fact: RefundFact, *, mode: str) -> bool:
    """Say whether a refund fits its payment only once another refund of it has failed.

    False where it is known already, and where it would not fit alone either. What was paid another
    way than by Stripe takes none of the payment's room there.
    """
    order = _order_of(payment_intent_id=fact.payment_intent_id, charge_id=fact.charge_id, mode=mode)
    if order is None or fact.amount.currency != order.currency:
        return False
    if not order.total - _made(order) < fact.amount <= order.total:
        return False
    settled = Refund.objects.filter(status__in=["succeeded", *REFUNDS_UNDONE])
    return not settled.filter(stripe_id=fact.refund_id).exists()
