"""Work on disputed orders stands still, also where an upgrade found them to be disputed."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from fulfillment import queries as fulfillment
from kernel.modes import Mode
from revenue.enums import OrderState, Source
from revenue.models import Order
from revenue.operations.finding import lock_order
from revenue.operations.holding import hold_or_release_work
from revenue.operations.recording_context import RecordingContext


def hold_disputed(*, now: datetime) -> int:
    """Freeze the work on each disputed order on which it goes on; say on how many it did.

    Whoever records a dispute freezes the work in the same commit. Migration 0019 could not: it
    counted old disputes anew, and what happens to a run is history that the ledger seals. Each
    order by itself, so that interrupted it is simply done again.
    """
    disputed = Order.objects.filter(state=OrderState.DISPUTED, mode=settings.DEPLOYMENT_MODE)
    refs = dict(disputed.values_list("pk", "reference"))
    going_on = fulfillment.orders_worked_on(list(refs))
    context = RecordingContext(
        mode=Mode(settings.DEPLOYMENT_MODE), source=Source.RECONCILE, now=now, occurred_at=now
    )
    for order_id in going_on:
        with transaction.atomic(durable=True):
            hold_or_release_work(context, lock_order(refs[order_id]))
    return len(going_on)
