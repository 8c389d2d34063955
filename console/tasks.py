"""Celery tasks of the console."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from console.usecases.check_lag import check_lag as raise_and_close_alerts
from kernel.liveness import database_now
from kernel.modes import Mode


@shared_task(name="revenue.watch")  # the name that beat and queues have known it by
def check_lag(**_newer: object) -> int:
    """Raise the alarm about work that waits too long; say how many kinds of work do."""
    return len(raise_and_close_alerts(mode=Mode(settings.DEPLOYMENT_MODE), now=database_now()))
