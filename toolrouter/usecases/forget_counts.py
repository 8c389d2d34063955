"""Forgetting how many calls were made in minutes of long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from toolrouter.models import CallCount

KEPT: Final = timedelta(days=1)  # a limit asks for the present minute alone


@transaction.atomic(durable=True)
def forget_counts(*, now: datetime) -> int:
    """Delete the counts of minutes that are older than a day; return how many."""
    deleted, _by_model = CallCount.objects.filter(minute__lt=now - KEPT).delete()
    return deleted
