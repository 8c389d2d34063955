"""What came in and went out, per day: never added across modes or currencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import connection

from kernel.money import Money
from revenue.enums import OrderState, RevenueKind

# The few pairs of mode and currency are found by hopping along the index; each pair's days are
# then one range of it. What is older than the window is never read. Late facts are those that
# came after what the caller remembers, about days that it remembers. Payments that nobody has
# ruled to be ours are few, and told apart: a verdict changes days that are long over.
_DAILY_TOTALS = """
WITH RECURSIVE pairs AS (
  (SELECT mode, currency FROM revenue_revenueevent ORDER BY mode, currency LIMIT 1)
  UNION ALL
  SELECT further.mode, further.currency FROM pairs, LATERAL (
    SELECT mode, currency FROM revenue_revenueevent
    WHERE (mode, currency) > (pairs.mode, pairs.currency)
    ORDER BY mode, currency LIMIT 1) further
)
SELECT 'fresh', pairs.mode, pairs.currency, fact.day, fact.kind, fact.total, fact.times,
  (SELECT max(id) FROM revenue_revenueevent)
FROM pairs LEFT JOIN LATERAL (
  SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, kind,
    sum(amount_minor)::bigint AS total, count(*) AS times
  FROM revenue_revenueevent event
  WHERE event.mode = pairs.mode AND event.currency = pairs.currency
    AND event.occurred_at >= %(fresh_since)s
  GROUP BY 1, 2) fact ON true
UNION ALL
SELECT 'late', mode, currency, (occurred_at AT TIME ZONE 'UTC')::date AS day, kind,
  sum(amount_minor)::bigint, count(*), 0
FROM revenue_revenueevent
WHERE id > %(known_id)s AND occurred_at >= %(since)s AND occurred_at < %(fresh_since)s
GROUP BY mode, currency, day, kind
UNION ALL
SELECT sold.state, event.mode, event.currency, (event.occurred_at AT TIME ZONE 'UTC')::date AS day,
  event.kind, sum(event.amount_minor)::bigint, count(*), 0
FROM revenue_order sold JOIN revenue_revenueevent event ON event.order_id = sold.id
WHERE sold.state IN ('needs_review', 'not_ours') AND event.occurred_at >= %(since)s
  AND event.kind <> 'fee'
GROUP BY sold.state, event.mode, event.currency, day, event.kind
ORDER BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTotal:
    """What one kind of revenue event came to on one day (UTC), in one mode and currency."""

    mode: str
    currency: str
    day: date | None  # None: nothing in the window, but there was money before it
    kind: RevenueKind | None
    amount: Money
    times: int
    aside: OrderState | None = None  # not counted as ours: nobody decided, or it is not


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyTotals:
    """Each day's sums, in three parts, and how far the books were read."""

    fresh: Sequence[DayTotal]
    late: Sequence[DayTotal]
    aside: Sequence[DayTotal]  # each twice: taken off what counts, and told by its state
    newest_id: int


def daily_totals(*, since: datetime, fresh_since: datetime, known_id: int) -> DailyTotals:
    """Return each day's sums, by mode and currency. One statement.

    ``fresh`` is everything since ``fresh_since``; ``late`` is what was booked after ``known_id``
    about the days from ``since`` until then. ``since`` = ``fresh_since`` reads all of the window.
    """
    parts: dict[str, list[DayTotal]] = {"fresh": [], "late": [], "aside": []}
    newest_id = 0
    with connection.cursor() as cursor:
        cursor.execute(
            _DAILY_TOTALS, {"since": since, "fresh_since": fresh_since, "known_id": known_id}
        )
        rows = cursor.fetchall()
    for part, mode, currency, day, kind, total, times, read_to in rows:
        newest_id = max(newest_id, read_to)
        taking = DayTotal(
            mode=mode,
            currency=currency,
            day=day,
            kind=RevenueKind(kind) if kind else None,
            amount=Money(total or 0, currency),
            times=times or 0,
        )
        if part in parts:
            parts[part].append(taking)
        else:
            parts["aside"] += _set_aside(taking, OrderState(part))
    return DailyTotals(**parts, newest_id=newest_id)


def _set_aside(taking: DayTotal, state: OrderState) -> list[DayTotal]:
    return [
        replace(taking, amount=-taking.amount, times=-taking.times),
        replace(taking, aside=state),
    ]
