"""Celery tasks for refunds that are under way."""

from __future__ import annotations

from celery import shared_task

from kernel.liveness import database_now
from revenue.exchanges.refunds import sweep_refunds as sweep
from revenue.providers import gateway_for_worker


@shared_task(name="revenue.sweep_refunds")
def sweep_refunds(**_newer: object) -> int:
    """Find out about refunds that nobody has heard of since they were asked for."""
    return sweep(gateway=gateway_for_worker(), clock=database_now)
