"""What Celery calls for the project itself."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from trinity.people.usecases.clear_sessions import clear_sessions as clear


@shared_task(name="trinity.clear_sessions")
def clear_sessions(**_newer: object) -> int:
    """Delete logins that are over; return how many."""
    return clear(now=timezone.now())
