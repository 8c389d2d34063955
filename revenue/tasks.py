"""Celery's doors into the sale. Messages carry no truth; each task does what is due."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from celery import shared_task

from kernel.nudges import nudge
from revenue import tasks_mail as tasks_mail  # registers its tasks
from revenue import tasks_reconcile as tasks_reconcile  # registers its tasks
from revenue import tasks_refunds as tasks_refunds  # registers its tasks
from revenue.enums import Source
from revenue.providers import gateway_for_worker
from revenue.usecases.process_events import process_due
from revenue.usecases.sweep_checkouts import sweep_checkouts as sweep

BATCHES_MAX: Final = 50  # of 20 events: then another worker may have its turn


def _clock() -> datetime:
    return datetime.now(UTC)


@shared_task(name="revenue.process_webhooks")
def process_webhooks(**_newer: object) -> int:
    """Drain the events that are due; what is left after fifty batches asks for another turn.

    ``**_newer`` lets an old worker survive a new producer during a deploy.
    """
    done = 0
    for _ in range(BATCHES_MAX):
        claimed = process_due(gateway=gateway_for_worker(), source=Source.DELIVERY, clock=_clock)
        done += claimed
        if not claimed:
            return done
    nudge("webhook.accepted")
    return done


@shared_task(name="revenue.sweep_checkouts")
def sweep_checkouts(**_newer: object) -> int:
    """Find out about checkouts whose outcome nobody knows."""
    return sweep(gateway=gateway_for_worker(), clock=_clock)
