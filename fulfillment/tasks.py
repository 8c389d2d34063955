"""Work that a word from elsewhere starts, and the sweep that makes a lost word harmless."""

from __future__ import annotations

import logging
from typing import Final

from celery import shared_task
from django.utils import timezone

from fulfillment import queries
from fulfillment.exchanges.lookups import look_up_due
from fulfillment.exchanges.readiness import check_sometimes
from fulfillment.exchanges.turns import tend_turns
from fulfillment.providers import page_reader, runtime, search_engine
from fulfillment.usecases.advance_runs import advance_runs
from fulfillment.usecases.empty_sources import empty_old_sources
from fulfillment.usecases.start_run import start_run
from kernel.liveness import database_now

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


@shared_task(name="fulfillment.advance_runs")
def advance_runs_at_work(**_newer: object) -> int:
    """Give the agent its next turns."""
    return advance_runs(now=database_now())


def _is_planned(order_id: int) -> bool:
    try:
        return start_run(order_id=order_id, now=timezone.now()) is not None
    except Exception:
        logger.exception("run not planned", extra={"order_id": order_id})
        return False


@shared_task(name="fulfillment.look_up")
def look_up(**_newer: object) -> int:
    """Look up on the web what runs want to know; say how much it was."""
    return look_up_due(reader=page_reader(), engine=search_engine(), clock=database_now)


@shared_task(name="fulfillment.empty_old_sources")
def empty_sources(**_newer: object) -> int:
    """Let go of the bytes of pages that were read long ago; say of how many."""
    return empty_old_sources(now=timezone.now())


@shared_task(name="fulfillment.tend_turns")
def tend_due_turns(**_newer: object) -> int:
    """Take the agent's turns further, after a look at whether it may have work at all."""
    agent = runtime()
    if agent is None:
        return 0
    check_sometimes(agent, now=database_now())
    return tend_turns(agent, clock=database_now)
