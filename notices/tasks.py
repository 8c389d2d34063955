"""Celery tasks of what the team is told."""

from __future__ import annotations

from celery import shared_task

from kernel.liveness import database_now
from notices.exchanges.alerts import send_alerts as tell_operators
from notices.exchanges.mails import LANES
from notices.operations.mails import QUEUED
from notices.outbox.draining import mailer, send_due


@shared_task(name="revenue.send_alerts")  # the name that beat and queues have known it by
def send_alerts(**_newer: object) -> int:
    """Tell operators by mail what needs a person."""
    return tell_operators(mailer=mailer(), clock=database_now)


@shared_task(name="notices.send_mails")
def send_mails(**_newer: object) -> int:
    """Send the mails to the team that are due, a mail of each lane in turn; say how many."""
    return send_due(LANES, mailer=mailer(), clock=database_now, nudged_by=QUEUED)
