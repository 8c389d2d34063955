"""Second payments of a deal, or of one person for one offer, that may be mistakes."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from revenue.enums import HELD_STATES
from revenue.models import Order


def possible_doubles() -> QuerySet[Order]:
    """Return the orders that may have been paid twice by mistake; no statement yet.

    ``Order.may_be_double`` as a query.
    """
    held = Q(amount_minor=0) | Q(amount_minor__gt=F("refunded_minor") + F("disputed_minor"))
    second = Order.objects.filter(double_of__isnull=False, state__in=HELD_STATES)
    return second.filter(held, double_verdict__isnull=True)
