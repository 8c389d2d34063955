"""Celery tasks of crm."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from crm.usecases.request_snapshot import forget_trapped as forget


@shared_task(name="crm.forget_trapped")
def forget_trapped(**_newer: object) -> int:
    """Forget the trapped requests that nobody rescued in time; say how many."""
    return forget(now=timezone.now())
