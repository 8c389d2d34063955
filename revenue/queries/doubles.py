"""Second payments of a deal that may be mistakes."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from revenue.enums import HELD_STATES
from revenue.models import Dispute, Order
from revenue.policy import DISPUTE_LOST


def possible_doubles() -> QuerySet[Order]:
    """Return the orders that may have been paid twice by mistake; no statement yet.

    ``Order.may_be_double`` as a query.
    """
    lost = Dispute.objects.filter(order=OuterRef("pk"), status=DISPUTE_LOST)
    held = Order.objects.filter(double_of__isnull=False, state__in=HELD_STATES)
    return held.filter(~Exists(lost), double_verdict__isnull=True)
