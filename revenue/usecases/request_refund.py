"""An owner gives money back: the row first, then Stripe, then the row again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kernel.money import Money
from revenue.enums import OrderState
from revenue.exchanges.refunds import refund_at_stripe
from revenue.models import Order, RefundRequest
from revenue.operations.locking import lock_order
from revenue.operations.refund_requests import (
    NotRefundable,
    open_request,
)
from revenue.ports import PaymentGateway
from revenue.queries.refundable import refundable_now
from revenue.queries.verdicts import current_verdict


def request_refund(
    *,
    order_ref: str,
    request_ref: str,
    amount: Money,
    seen: Money,
    reason: str,
    actor_id: int,
    gateway: PaymentGateway,
    now: datetime,
) -> RefundRequest:
    """Ask Stripe to give ``amount`` of an order back, on an owner's word.

    The request is committed before the call, whose idempotency key is its reference. Pressing
    twice finds the first row and calls nobody. ``seen`` is what the page said could go back: when
    that is not true any more (a second owner was faster) nothing is asked. The money is booked
    when Stripe's event says that it went. Raises NotRefundable.
    """
    with transaction.atomic(durable=True):
        order = lock_order(order_ref)
        _require_decided(order)
        is_known = RefundRequest.objects.filter(reference=request_ref).exists()
        if not is_known and refundable_now(order) != seen:
            raise NotRefundable(
                "Something about this order changed while you wrote: look at it again. "
                "Nothing was sent to Stripe."
            )
        request, is_new = open_request(
            order=order,
            request_ref=request_ref,
            amount=amount,
            reason=reason,
            actor_id=actor_id,
            now=now,
        )
    return refund_at_stripe(request, gateway=gateway, now=now) if is_new else request


def _require_decided(order: Order) -> None:
    is_open = order.state == OrderState.NEEDS_REVIEW
    if is_open and not current_verdict(order):
        raise NotRefundable("A person has to decide about this order first. Nothing was sent.")
