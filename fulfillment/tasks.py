"""Work that a word from elsewhere starts, and the sweep that makes a lost word harmless."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from celery import shared_task
from django.utils import timezone

from fulfillment import queries
from fulfillment.usecases.start_run import start_run as start_run_usecase
from kernel.nudges import nudge

GRACE_BEFORE_SWEEP: Final = timedelta(seconds=30)
SWEEP_ROWS_MAX: Final = 500


@shared_task(name="fulfillment.start_run")
def start_run(*, order_id: int, **_newer: object) -> str | None:
    """Plan the run of a paid order. ``**_newer`` lets an old worker survive a new producer."""
    return start_run_usecase(order_id=order_id, now=timezone.now())


@shared_task(name="fulfillment.sweep_intakes")
def sweep_intakes(**_newer: object) -> int:
    """Speak again for every intake that has no run yet; say how many there were."""
    before = timezone.now() - GRACE_BEFORE_SWEEP
    order_ids = queries.orders_without_run(opened_before=before, limit=SWEEP_ROWS_MAX)
    for order_id in order_ids:
        nudge("order.paid", order_id=order_id)
    return len(order_ids)
