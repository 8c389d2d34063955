"""What came in and went out, per day: never added across modes or currencies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from kernel.money import Money
from revenue.enums import RevenueKind

# The few pairs of mode and currency are found by hopping along the index; each pair's days are
# then one range of it. What is older than the window is never read.
_TAKINGS = """
WITH RECURSIVE pairs AS (
  (SELECT mode, currency FROM revenue_revenueevent ORDER BY mode, currency LIMIT 1)
  UNION ALL
  SELECT further.mode, further.currency FROM pairs, LATERAL (
    SELECT mode, currency FROM revenue_revenueevent
    WHERE (mode, currency) > (pairs.mode, pairs.currency)
    ORDER BY mode, currency LIMIT 1) further
)
SELECT pairs.mode, pairs.currency, fact.day, fact.kind, fact.total, fact.times
FROM pairs LEFT JOIN LATERAL (
  SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, kind,
    sum(amount_minor)::bigint AS total, count(*) AS times
  FROM revenue_revenueevent event
  WHERE event.mode = pairs.mode AND event.currency = pairs.currency
    AND event.occurred_at >= %s
  GROUP BY 1, 2) fact ON true
ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTaking:
    """What one kind of revenue event came to on one day (UTC), in one mode and currency."""

    mode: str
    currency: str
    day: date | None  # None: nothing in the window, but there was money before it
    kind: RevenueKind | None
    amount: Money
    times: int


def takings_since(since: datetime) -> list[DayTaking]:
    """Return each day's sums since ``since``, by mode and currency. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKINGS, [since])
        rows = cursor.fetchall()
    return [
        DayTaking(
            mode=mode,
            currency=currency,
            day=day,
            kind=RevenueKind(kind) if kind else None,
            amount=Money(total or 0, currency),
            times=times or 0,
        )
        for mode, currency, day, kind, total, times in rows
    ]
