"""Celery tasks of approvals. Messages carry no truth; each task does what is due."""

from __future__ import annotations

from celery import shared_task

from approvals.usecases.expire_due import expire_due
from approvals.usecases.tell_people import tell_people
from kernel.liveness import database_now


@shared_task(name="approvals.expire_due")
def expire_due_requests(**_newer: object) -> int:
    """Close requests and approvals whose time is over."""
    return expire_due(now=database_now())


@shared_task(name="approvals.tell_people")
def tell_people_who_decide(**_newer: object) -> int:
    """Queue word of what waits for a decision, and reminders at half time."""
    return tell_people(now=database_now())
