"""Celery's doors into the console."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from console.usecases.watch_lag import watch_lag
from kernel.liveness import database_now
from kernel.modes import Mode


@shared_task(name="revenue.watch")  # the name that beat and queues have known it by
def watch(**_newer: object) -> int:
    """Raise the alarm about work that waits too long; say how many kinds of work do."""
    return len(watch_lag(mode=Mode(settings.DEPLOYMENT_MODE), now=database_now()))
