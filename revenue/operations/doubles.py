"""A person who pays twice for one offer within a day: likely a mistake, so a person decides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection

from revenue.enums import HELD_STATES, RevenueKind
from revenue.models import Order

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
