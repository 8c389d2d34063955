"""A person who pays twice for one offer within a day: likely a mistake, so a person decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection

from revenue.enums import HELD_STATES, RevenueKind
from revenue.models import Order

PAIRS_MAX: Final = 200  # per look; the next one goes on
_HELD: Final = ", ".join(f"'{state}'" for state in sorted(HELD_STATES))
# Contacts are people by their normalised address; their rows are locked while a sale is recorded,
# so that of two payments at one moment the later COMMIT sees the other. FOR SHARE, so that a refund
# of the earlier one at this moment either is seen here or finds the later one and lets it go on.
_EARLIER: Final = f"""
SELECT bought.id FROM revenue_order bought
JOIN revenue_offer sold ON sold.id = bought.offer_id
JOIN revenue_offer wanted ON wanted.id = %(offer_id)s AND wanted.slug = sold.slug
JOIN revenue_revenueevent paid ON paid.order_id = bought.id AND paid.kind = '{RevenueKind.PAYMENT}'
WHERE bought.contact_id = %(contact_id)s AND bought.mode = %(mode)s
  AND bought.id IS DISTINCT FROM %(order_id)s
  AND (bought.double_of_id IS NULL OR bought.double_of_id IS DISTINCT FROM %(order_id)s)
  AND bought.state IN ({_HELD})
  AND (bought.amount_minor = 0
    OR bought.amount_minor > bought.refunded_minor + bought.disputed_minor)
  AND paid.occurred_at BETWEEN %(since)s AND %(until)s
ORDER BY bought.id LIMIT 1 FOR SHARE OF bought
"""  # noqa: S608  # our own words


def earlier_payment(order: Order, *, paid_at: datetime) -> int | None:
    """Return the id of a payment of the same person for the same offer, close to this one.

    The same offer in any version; within DOUBLE_PAYMENT_HOURS of each other; and only one whose
    money is still held: who was refunded may buy again. None where that is switched off (0).
    """
    window = timedelta(hours=settings.DOUBLE_PAYMENT_HOURS)
    if not window or order.contact_id is None or order.offer_id is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            _EARLIER,
            {
                "offer_id": order.offer_id,
                "contact_id": order.contact_id,
                "mode": order.mode,
                "order_id": order.pk,
                "since": paid_at - window,
                "until": paid_at + window,
            },
        )
        found = cursor.fetchone()
    return int(found[0]) if found else None


# The later of two payments is the one that may be a mistake, whichever card was known first.
_BY_ONE_CARD: Final = f"""
SELECT earlier.id, later.id
FROM revenue_order later
JOIN revenue_offer wanted ON wanted.id = later.offer_id
JOIN revenue_revenueevent came
  ON came.order_id = later.id AND came.kind = '{RevenueKind.PAYMENT}'
CROSS JOIN LATERAL (
  SELECT bought.id FROM revenue_order bought
  JOIN revenue_offer sold ON sold.id = bought.offer_id AND sold.slug = wanted.slug
  JOIN revenue_revenueevent paid
    ON paid.order_id = bought.id AND paid.kind = '{RevenueKind.PAYMENT}'
  WHERE bought.card_digest = later.card_digest AND bought.card_digest <> ''
    AND bought.mode = later.mode AND bought.double_of_id IS DISTINCT FROM later.id
    AND bought.state IN ({_HELD})
    AND (bought.amount_minor = 0
      OR bought.amount_minor > bought.refunded_minor + bought.disputed_minor)
    AND paid.occurred_at >= came.occurred_at - make_interval(hours => %(hours)s)
    AND (paid.occurred_at, bought.id) < (came.occurred_at, later.id)
  ORDER BY bought.id LIMIT 1
) earlier
WHERE later.card_digest = ANY(%(digests)s) AND later.card_digest <> '' AND later.mode = %(mode)s
  AND later.double_of_id IS NULL AND later.state IN ({_HELD})
  AND (later.amount_minor = 0
    OR later.amount_minor > later.refunded_minor + later.disputed_minor)
ORDER BY later.id LIMIT {PAIRS_MAX}
"""  # noqa: S608  # our own words


def payments_by_one_card(digests: Sequence[str], *, mode: str) -> list[tuple[int, int]]:
    """Return (earlier, later) orders of one offer that one of these cards paid close together.

    Only where money of both is held and the later one is no known double; at most PAIRS_MAX.
    """
    known = {"digests": list(digests), "mode": mode, "hours": settings.DOUBLE_PAYMENT_HOURS}
    with connection.cursor() as cursor:
        cursor.execute(_BY_ONE_CARD, known)
        return [(int(earlier), int(later)) for earlier, later in cursor.fetchall()]
