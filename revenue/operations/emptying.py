"""Emptying filed events: what Stripe wrote about a person goes, what follows from it stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from revenue.models import EventAlarm, EventRendering, StripeWebhookEvent


def empty_events(event_ids: Sequence[int], *, digest: Callable[[bytes], str], now: datetime) -> int:
    """Empty these events, their alarms and other renderings, in the caller's transaction.

    First ``digest`` of each body is kept, so that a later delivery of the same id can still be
    compared. Ids, digests and everything recorded stay. Returns how many were emptied now.
    """
    emptied = 0
    full = StripeWebhookEvent.objects.filter(pk__in=event_ids, body__isnull=False)
    for event in full.only("pk", "body", "fact_sha256").select_for_update(no_key=True):
        emptied += StripeWebhookEvent.objects.filter(pk=event.pk).update(
            fact_sha256=event.fact_sha256 or digest(bytes(event.body or b"")),
            body=None,
            emptied_at=now,
        )
    for beside in (EventAlarm, EventRendering):
        beside.objects.filter(event__in=event_ids, body__isnull=False).update(body=None)
    return emptied
