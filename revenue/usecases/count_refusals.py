"""Keeping how often the webhook's door refused, by hour and reason; nothing of what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.db import connection, transaction

from kernel.log_tally import Count
from revenue.models import RefusedDeliveries

KEPT: Final = timedelta(days=30)
_COUNT: Final = """
INSERT INTO revenue_refuseddeliveries AS known (hour, reason, times, first_at, last_at)
VALUES (date_trunc('hour', %(last_at)s::timestamptz, 'UTC'), %(reason)s, %(times)s, %(first_at)s,
        %(last_at)s)
ON CONFLICT (hour, reason) DO UPDATE SET
    times = known.times + EXCLUDED.times,
    first_at = least(known.first_at, EXCLUDED.first_at),
    last_at = greatest(known.last_at, EXCLUDED.last_at)
"""


@transaction.atomic(durable=True)
def count_refusals(counts: Mapping[str, Count]) -> None:
    """Add to the counts of the hours in which they were last seen; forget those of old hours."""
    with connection.cursor() as cursor:
        for reason, count in sorted(counts.items()):
            cursor.execute(
                _COUNT,
                {
                    "reason": reason,
                    "times": count.times,
                    "first_at": count.first_at,
                    "last_at": count.last_at,
                },
            )
    if counts:
        newest = max(count.last_at for count in counts.values())
        RefusedDeliveries.objects.filter(hour__lt=newest - KEPT).delete()
