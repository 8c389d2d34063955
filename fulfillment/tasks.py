"""Work that a word from elsewhere starts, and the sweep that makes a lost word harmless."""

from __future__ import annotations

import logging
from typing import Final

from celery import shared_task
from django.utils import timezone

from fulfillment import queries
from fulfillment.usecases.start_run import start_run

logger = logging.getLogger(__name__)

INTAKES_AT_ONCE: Final = 100


@shared_task(name="fulfillment.start_runs")
def start_runs(**_newer: object) -> int:
    """Plan the run of every paid order that has none; say how many were planned.

    One that fails does not hold up the others: it is logged, tried again by the next sweep, and
    missing on its trace until then. ``**_newer`` lets an old worker survive a new producer.
    """
    planned = last_id = 0
    while waiting := queries.intakes_without_run(after_id=last_id, limit=INTAKES_AT_ONCE):
        for last_id, order_id in waiting:  # noqa: B007  # the next batch begins behind it
            planned += _is_planned(order_id)
    return planned


def _is_planned(order_id: int) -> bool:
    try:
        return start_run(order_id=order_id, now=timezone.now()) is not None
    except Exception:
        logger.exception("run not planned", extra={"order_id": order_id})
        return False
