"""Forgetting refusals of long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from trinity.logins.models import RefusalCount

KEPT: Final = timedelta(days=90)


@transaction.atomic(durable=True)
def forget_refusals(*, now: datetime) -> int:
    """Delete counts that are older than 90 days; return how many. The ledger's entries stay."""
    deleted, _by_model = RefusalCount.objects.filter(hour__lt=now - KEPT).delete()
    return deleted
