"""Celery tasks of what the team is told."""

from __future__ import annotations

from celery import shared_task

from kernel.liveness import database_now
from notices.outbox.draining import mailer
from notices.usecases.send_alerts import send_alerts as tell_operators


@shared_task(name="revenue.send_alerts")  # the name that beat and queues have known it by
def send_alerts(**_newer: object) -> int:
    """Tell operators by mail what needs a person."""
    return tell_operators(mailer=mailer(), clock=database_now)
