"""Finding the order that a refund or a dispute speaks of, and locking it."""

from __future__ import annotations

from django.db.models import Q

from kernel.modes import Mode
from revenue.models import CheckoutSession, Order
from revenue.operations.recording_context import CauseMissing


def lock_paid_order(*, payment_intent_id: str, charge_id: str, mode: Mode) -> Order:
    """Return the paid order of a payment, with its checkout locked.

    The checkout is what every recorder locks first, so two of them never wait for each other.
    Raises CauseMissing while no such payment is recorded.
    """
    is_it = Q(payment_intent_id=payment_intent_id) if payment_intent_id else Q()
    if charge_id:
        is_it |= Q(charge_id=charge_id)
    found = Order.objects.filter(is_it, mode=mode).values_list("pk", "checkout_id").first()
    if not is_it or found is None:
        raise CauseMissing(payment_intent_id or charge_id)
    order_id, checkout_id = found
    CheckoutSession.objects.select_for_update(no_key=True).get(pk=checkout_id)
    order = Order.objects.select_related("offer").get(pk=order_id)
    if order.paid_at is None:
        raise CauseMissing(payment_intent_id or charge_id)
    return order


def lock_order(order_ref: str) -> Order:
    """Return one order with its checkout locked, as every recorder locks it.

    Raises Order.DoesNotExist.
    """
    found = Order.objects.values_list("pk", "checkout_id").get(reference=order_ref)
    CheckoutSession.objects.select_for_update(no_key=True).get(pk=found[1])
    return Order.objects.select_related("offer", "checkout").get(pk=found[0])
