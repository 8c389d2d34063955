"""Celery tasks of the sale. Messages carry no truth; each task does what is due."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

from celery import shared_task
from django.db import connections

from kernel.liveness import database_now
from kernel.nudges import nudge
from revenue import tasks_mail as tasks_mail  # registers its tasks
from revenue import tasks_reconcile as tasks_reconcile  # registers its tasks
from revenue import tasks_refunds as tasks_refunds  # registers its tasks
from revenue.enums import Source
from revenue.exchanges.checkouts import sweep_checkouts as sweep
from revenue.exchanges.events import process_due
from revenue.exchanges.prices import sweep_prices
from revenue.providers import gateway_for_worker
from revenue.usecases.answer_brief import fill_briefs
from revenue.usecases.end_leases import end_leases
from revenue.usecases.keep_views import keep_views

BATCH: Final = 20  # events that are claimed together
BATCHES_MAX: Final = 25  # of each hand: then another worker may have its turn
TURN_LONGEST: Final = timedelta(minutes=5)  # no batch begins later; tasks are ended after ten
DRAIN_THREADS: Final = 2  # while one waits for the disk, or for Stripe, the other goes on


@shared_task(name="revenue.process_webhooks")
def process_webhooks(**_newer: object) -> int:
    """Act on the events that are due; what is left after many batches asks for another turn.

    A full batch says that more wait, and those are drained with two threads. ``**_newer`` lets an
    old worker survive a new producer during a deploy.
    """
    until = database_now() + TURN_LONGEST
    done = _process_batch()
    if done < BATCH:
        return done
    with ThreadPoolExecutor(DRAIN_THREADS) as pool:
        shares = [
            share.result() for share in [pool.submit(_drain, until) for _ in range(DRAIN_THREADS)]
        ]
    if BATCH * BATCHES_MAX in shares:
        nudge("webhook.accepted")
    return done + sum(shares)


def _drain(until: datetime) -> int:
    """Act on batch after batch, in a thread with a connection of its own."""
    done = 0
    try:
        for _ in range(BATCHES_MAX):
            done += (claimed := _process_batch())
            if claimed < BATCH or database_now() > until:
                break
        return done
    finally:
        connections.close_all()


def _process_batch() -> int:
    return process_due(
        gateway=gateway_for_worker(), source=Source.DELIVERY, clock=database_now, limit=BATCH
    )


@shared_task(name="revenue.end_leases")
def end_leases_of_dead_workers(**_newer: object) -> int:
    """Make due what processes held that are gone, and wake those who go on with it."""
    if ended := end_leases(now=database_now()):
        nudge("leases.ended")
    return ended


@shared_task(name="revenue.sweep_prices")
def look_after_prices(**_newer: object) -> int:
    """Ask Stripe about prices on sale before a buyer does."""
    return sweep_prices(gateway=gateway_for_worker(), clock=database_now)


@shared_task(name="revenue.keep_views")
def keep_offer_views(**_newer: object) -> int:
    """Keep how often offers were seen."""
    return keep_views()


@shared_task(name="revenue.sweep_checkouts")
def sweep_checkouts(**_newer: object) -> int:
    """Find out about checkouts whose outcome nobody knows."""
    return sweep(gateway=gateway_for_worker(), clock=database_now)


@shared_task(name="revenue.fill_briefs")
def fill_briefs_of_leads(**_newer: object) -> int:
    """Let the words of accepted leads be the briefs of their orders."""
    return fill_briefs(now=database_now())
