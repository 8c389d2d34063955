"""An order's standing: the state that its facts add up to, written once."""

from __future__ import annotations

from django.db.models import Sum

from revenue.enums import OrderState, RevenueKind
from revenue.models import Dispute, Order, RevenueEvent
from revenue.operations.telling import Telling
from revenue.policy import DISPUTES_OVER_WELL, OrderFacts, order_state
from revenue.queries.verdicts import standing_verdict


def facts_of(order: Order) -> OrderFacts:
    """Read all that the state of ``order`` depends on."""
    is_disputed = (
        Dispute.objects.filter(order=order).exclude(status__in=DISPUTES_OVER_WELL).exists()
    )
    return OrderFacts(
        is_paid=order.paid_at is not None,
        has_failed=order.payment_failed_at is not None,
        amount_minor=order.amount_minor,
        refunded_minor=order.refunded_minor,
        has_open_or_lost_dispute=is_disputed,
        review_reason=order.review_reason,
        verdict=standing_verdict(order),
    )


def refunded_minor(order: Order) -> int:
    """Return what has gone back to the buyer, net of refunds that failed, in minor units."""
    kinds = [RevenueKind.REFUND, RevenueKind.REFUND_REVERSAL]
    total = RevenueEvent.objects.filter(order=order, kind__in=kinds).aggregate(
        total=Sum("amount_minor")
    )["total"]
    return -(total or 0)


def settle(telling: Telling, order: Order, **changes: object) -> None:
    """Write ``changes`` to ``order`` and move it to the state that now follows."""
    for name, value in changes.items():
        setattr(order, name, value)
    target = order_state(facts_of(order))
    if target != order.state:
        telling.changed(f"order {order.reference}: {order.state} to {target}")
        order.move(target, **changes)
    elif changes:
        Order.objects.filter(pk=order.pk).update(**changes)


def state_of_new(order: Order) -> OrderState:
    """Return the state of an order that is about to be inserted: nothing went back yet."""
    return order_state(
        OrderFacts(
            is_paid=order.paid_at is not None,
            has_failed=order.payment_failed_at is not None,
            amount_minor=order.amount_minor,
            refunded_minor=0,
            has_open_or_lost_dispute=False,
            review_reason=order.review_reason,
            verdict="",
        )
    )
