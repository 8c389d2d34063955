"""How far visitors of the offer page came, by mode: from rows that never take a step back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from kernel.modes import Mode
from kernel.references import TIME_CHARS, new_reference
from revenue.enums import CheckoutOrigin

CHECKOUTS_COUNTED_MAX: Final = 40_000  # the newest; more is said as "of the newest"
FAILED_TRY: Final = "payment_intent.payment_failed"

# Each press of Pay is one checkout. A card was tried where Stripe told of a try that failed, or
# where the session was completed. A reference begins with the time it was made at.
_FUNNEL: Final = f"""
WITH pressed AS MATERIALIZED (
  SELECT id, mode, trace_ref FROM revenue_checkoutsession
  WHERE reference >= %(since_ref)s AND origin = '{CheckoutOrigin.OFFER_PAGE}'
  ORDER BY reference DESC LIMIT {CHECKOUTS_COUNTED_MAX}),
declined AS MATERIALIZED (
  SELECT DISTINCT trace_ref FROM (
    SELECT trace_ref FROM revenue_stripewebhookevent
    WHERE type = '{FAILED_TRY}' ORDER BY id DESC LIMIT {CHECKOUTS_COUNTED_MAX}) tries
  WHERE trace_ref <> '')
SELECT pressed.mode, 0::bigint, count(*),
  count(*) FILTER (WHERE sold.id IS NOT NULL OR declined.trace_ref IS NOT NULL),
  count(*) FILTER (WHERE sold.paid_at IS NOT NULL)
FROM pressed
LEFT JOIN declined ON declined.trace_ref = pressed.trace_ref
LEFT JOIN revenue_order sold ON sold.checkout_id = pressed.id
GROUP BY pressed.mode
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

    @property
    def is_cut_off(self) -> bool:
        """Say whether the window holds more checkouts than were counted."""
        return self.pressed >= CHECKOUTS_COUNTED_MAX


def purchase_funnels(*, since: datetime) -> Sequence[PurchaseFunnel]:
    """Return how far purchases from offer pages came since ``since``, by mode. One statement."""
    at_ms = round(since.timestamp() * 1000)
    begins = new_reference("chk", at_ms=at_ms)[: len("chk_") + TIME_CHARS]
    with connection.cursor() as cursor:
        cursor.execute(_FUNNEL, {"since_ref": begins, "since_day": since.date()})
        rows = cursor.fetchall()
    sums: dict[str, list[int]] = {}
    for mode, *counts in rows:
        known = sums.setdefault(mode, [0, 0, 0, 0])
        sums[mode] = [was + more for was, more in zip(known, counts, strict=True)]
    return [
        PurchaseFunnel(mode=Mode(mode), seen=seen, pressed=pressed, tried=tried, paid=paid)
        for mode, (seen, pressed, tried, paid) in sorted(sums.items())
    ]
