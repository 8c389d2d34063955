"""How far visitors of the offer page came, by mode: from rows that never take a step back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection

from kernel.modes import Mode
from kernel.references import TIME_CHARS, new_reference
from revenue.enums import CheckoutOrigin

CHECKOUTS_COUNTED_MAX: Final = 10_000  # the newest; more is said as "of the newest"
FAILED_TRY: Final = "payment_intent.payment_failed"

# Each press of Pay is one checkout. A card was tried where Stripe told of a try that failed, or
# where the session was completed. A reference begins with the time it was made at.
_FUNNEL: Final = f"""
WITH pressed AS MATERIALIZED (
  SELECT id, mode, trace_ref FROM revenue_checkoutsession
  WHERE reference >= %(since_ref)s AND origin = '{CheckoutOrigin.OFFER_PAGE}'
  ORDER BY reference DESC LIMIT %(limit)s),
bought AS MATERIALIZED (
  SELECT pressed.mode, pressed.trace_ref, sold.id, sold.paid_at
  FROM pressed LEFT JOIN LATERAL (
    SELECT id, paid_at FROM revenue_order WHERE checkout_id = pressed.id LIMIT 1) sold ON true)
SELECT mode, 0::bigint, count(*),
  count(*) FILTER (WHERE id IS NOT NULL OR EXISTS (
    SELECT FROM revenue_stripewebhookevent declined
    WHERE declined.trace_ref = bought.trace_ref AND declined.type = '{FAILED_TRY}'
      AND declined.trace_ref <> '')),
  count(*) FILTER (WHERE paid_at IS NOT NULL)
FROM bought GROUP BY mode
UNION ALL
SELECT mode, sum(times)::bigint, 0, 0, 0 FROM revenue_offerviews
WHERE day >= %(since_day)s GROUP BY mode
"""  # noqa: S608  # words and numbers of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseFunnel:
    """How far visitors of one mode came, from the offer page on."""

    mode: Mode
    seen: int
    pressed: int
    tried: int
    paid: int
    is_cut_off: bool  # the window holds more checkouts, of all modes together, than were counted


def purchase_funnels(
    *, since: datetime, limit: int = CHECKOUTS_COUNTED_MAX
) -> Sequence[PurchaseFunnel]:
    """Return how far purchases from offer pages came since ``since``, by mode. One statement.

    Of the newest ``limit`` presses of Pay, all modes together.
    """
    at_ms = round(since.timestamp() * 1000)
    begins = new_reference("chk", at_ms=at_ms)[: len("chk_") + TIME_CHARS]
    with connection.cursor() as cursor:
        words: dict[str, Any] = {"since_ref": begins, "since_day": since.date(), "limit": limit}
        cursor.execute(_FUNNEL, words)
        rows = cursor.fetchall()
    sums: dict[str, list[int]] = {}
    for mode, *counts in rows:
        known = sums.setdefault(mode, [0, 0, 0, 0])
        sums[mode] = [was + more for was, more in zip(known, counts, strict=True)]
    is_cut_off = sum(pressed for _seen, pressed, *_ in sums.values()) >= limit
    return [
        PurchaseFunnel(
            mode=Mode(mode),
            seen=seen,
            pressed=pressed,
            tried=tried,
            paid=paid,
            is_cut_off=is_cut_off,
        )
        for mode, (seen, pressed, tried, paid) in sorted(sums.items())
    ]
