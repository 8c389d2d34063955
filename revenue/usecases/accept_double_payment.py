"""A person says that the buyer of a possible double payment meant to buy twice. Final."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger import operations as ledger
from revenue.enums import OrderState
from revenue.models import DoubleVerdict, Order
from revenue.operations.holding import hold_or_release_work
from revenue.operations.locking import lock_order
from revenue.operations.recording_context import RecordingContext
from revenue.operations.reviewing import AlreadyDecided, NothingToDecide
from revenue.queries.doubles import possible_doubles


@transaction.atomic(durable=True)
def accept_double_payment(
    *, order_ref: str, reason: str, actor_id: int, now: datetime
) -> DoubleVerdict:
    """Take a possible double payment off everybody's list; who said so, and why, is kept.

    Its work goes on. The order is an order like any other from then on, and may still be refunded.
    Raises AlreadyDecided, NothingToDecide, or Order.DoesNotExist.
    """
    order = lock_order(order_ref)
    _require_open(order)
    verdict = DoubleVerdict.objects.create(
        order=order, reason=reason, decided_by_id=actor_id, decided_at=now
    )
    ledger.audit(
        actor_id=actor_id,
        event="order.double_meant",
        subject=order.reference,
        facts={"amount_minor": order.amount_minor, "currency": order.currency},
        mode=order.mode,
        trace_ref=order.trace_ref,
        key=f"order.double_meant:{order.reference}",
        now=now,
    )
    context = RecordingContext.of_decision(mode=order.mode, now=now)
    hold_or_release_work(context, order)
    return verdict


def _require_open(order: Order) -> None:
    known = DoubleVerdict.objects.filter(order=order).first()
    if known is not None:
        raise AlreadyDecided(
            f"Already decided on {known.decided_at:%d %b %Y, %H:%M} UTC: the buyer meant both. "
            "That is final; nothing was changed."
        )
    if order.double_of_id is None:
        raise NothingToDecide("This order is no possible double payment: nothing to decide.")
    if not possible_doubles().filter(pk=order.pk).exists():
        raise NothingToDecide(
            f"This order is {OrderState(order.state).label}: there is nothing to decide."
        )
