"""Second payments of a deal that may be mistakes."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from revenue.enums import HELD_STATES
from revenue.models import Dispute, Order

LOST = "lost"


def possible_doubles() -> QuerySet[Order]:
    """Return the orders that may have been paid twice by mistake; no statement yet.

    Each stands until all of its money went back, by a refund or by a lost dispute, or until a
    person says that it was meant.
    """
    lost = Dispute.objects.filter(order=OuterRef("pk"), status=LOST)
    held = Order.objects.filter(double_of__isnull=False, state__in=HELD_STATES)
    return held.filter(~Exists(lost), double_verdict__isnull=True)
