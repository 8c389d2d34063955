"""What Celery calls for the project itself."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from kernel import hourly_counters
from trinity.logins.usecases.forget_refusals import forget_refusals as forget
from trinity.logins.usecases.write_tallies import write_tallies as write
from trinity.people.usecases.clear_sessions import clear_sessions as clear


@shared_task(name="trinity.clear_sessions")
def clear_sessions(**_newer: object) -> int:
    """Delete logins that are over; return how many."""
    return clear(now=timezone.now())


@shared_task(name="trinity.write_tallies")
def write_tallies(**_newer: object) -> int:
    """Write down how often somebody did not get in, in this hour and in those that Redis keeps."""
    now = timezone.now()
    this_hour, new = hourly_counters.hour_of(now), 0
    for hours_ago in range(hourly_counters.LIVES // timedelta(hours=1)):
        hour = this_hour - timedelta(hours=hours_ago)
        if tally := hourly_counters.counted(hour):
            new += write(hour=hour, tally=tally, now=now)
    return new


@shared_task(name="trinity.forget_refusals")
def forget_refusals(**_newer: object) -> int:
    """Delete counts of long ago; return how many."""
    return forget(now=timezone.now())
