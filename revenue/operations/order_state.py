"""An order's state: what its facts add up to, written once."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from django.db.models import Sum

from fulfillment import operations as fulfillment
from notices import operations as notices
from revenue.enums import AlertKind, ExcessSettledBy, OrderState, RevenueKind
from revenue.models import Dispute, ExcessSettlement, Order, RevenueEvent
from revenue.operations.recording_context import RecordingContext
from revenue.policy import (
    DISPUTES_OVER_WELL,
    REFUNDS_AT_STRIPE,
    REFUNDS_ELSEWHERE,
    BalanceMovement,
    OrderFacts,
    held_back,
    order_state,
)
from revenue.queries.owed import refund_owed_minor
from revenue.queries.verdicts import current_verdict

WENT_BACK: Final = frozenset({"refunded_minor", "disputed_minor"})


def state_of(order: Order) -> OrderState:
    """Return the state that the facts of ``order`` add up to, whether it is saved yet or not."""
    is_saved = order.pk is not None
    return order_state(
        OrderFacts(
            is_paid=order.paid_at is not None,
            has_failed=order.payment_failed_at is not None,
            amount_minor=order.amount_minor,
            refunded_minor=order.refunded_minor,
            disputed_minor=order.disputed_minor,
            has_open_or_lost_dispute=is_saved and _has_open_or_lost_dispute(order),
            review_reason=order.review_reason,
            verdict=current_verdict(order) if is_saved else "",
            refund_owed_minor=order.refund_owed_minor,
        )
    )


def _has_open_or_lost_dispute(order: Order) -> bool:
    return Dispute.objects.filter(order=order).exclude(status__in=DISPUTES_OVER_WELL).exists()


def refunded_minor(order: Order) -> int:
    """Return what has gone back to the buyer, net of refunds that failed.

    In minor units of the order's currency.
    """
    return _net_minor(order, *REFUNDS_AT_STRIPE, *REFUNDS_ELSEWHERE)


def refunded_at_stripe_minor(order: Order) -> int:
    """Return what of it Stripe gave back, in minor units of the order's currency."""
    return _net_minor(order, *REFUNDS_AT_STRIPE)


def _net_minor(order: Order, *kinds: RevenueKind) -> int:
    booked = RevenueEvent.objects.filter(order=order, kind__in=kinds, currency=order.currency)
    return -(booked.aggregate(total=Sum("amount_minor"))["total"] or 0)


def excess_minor(order: Order) -> int:
    """Return what went back beyond the payment and was not written off, in minor units.

    One statement, and only where more went back than was paid.
    """
    excess = order.refunded_minor - order.amount_minor
    if excess <= 0:
        return 0
    settled = ExcessSettlement.objects.filter(order=order, settled_by=ExcessSettledBy.WRITTEN_OFF)
    return max(0, excess - (settled.aggregate(total=Sum("amount_minor"))["total"] or 0))


def disputed_minor(order: Order) -> int:
    """Return what banks hold back of ``order`` for disputes, net of what came back.

    In minor units of the order's currency. Of a dispute in another one it is not known how much of
    the order it holds back: all of it, then.
    """
    kinds = [RevenueKind.DISPUTE, RevenueKind.DISPUTE_REVERSAL]
    moved: dict[str, list[BalanceMovement]] = defaultdict(list)
    for booked in RevenueEvent.objects.filter(order=order, kind__in=kinds):
        moved[booked.stripe_object_id].append(BalanceMovement(booked.amount, booked.exchange_rate))
    total_minor = 0
    for dispute in Dispute.objects.filter(order=order):
        held = held_back(
            disputed=dispute.amount, moved=moved[dispute.stripe_id], status=dispute.status
        )
        is_known = held.currency == order.currency or not held.amount_minor
        total_minor += held.amount_minor if is_known else order.amount_minor
    return total_minor


def settle(context: RecordingContext, order: Order, **changes: object) -> None:
    """Write ``changes`` to ``order`` and move it to the state that now follows.

    What it brought and is still held follows too, for the work that it funds.
    """
    order.assign(**changes)
    owed_minor = refund_owed_minor(order)
    if owed_minor != order.refund_owed_minor:
        order.refund_owed_minor = changes["refund_owed_minor"] = owed_minor
    was_excess, excess = order.excess_minor, excess_minor(order)
    if excess != was_excess:
        order.excess_minor = changes["excess_minor"] = excess
    if changes.keys() & WENT_BACK:
        fulfillment.set_funded(order_id=order.pk, funded=order.funded)
    was_owed = order.state == OrderState.REFUND_OWED
    target = state_of(order)
    if target != order.state:
        context.changed(f"order {order.reference}: {order.state} to {target}")
        order.move(target, **changes)
    elif changes:
        order.write(**changes)
    if was_owed and order.state != OrderState.REFUND_OWED:
        notices.close_alerts(subject=order.reference, kind=AlertKind.REFUND_FAILED, now=context.now)
    if was_excess and not excess:
        notices.close_alerts(subject=order.reference, kind=AlertKind.REFUND_EXCESS, now=context.now)
