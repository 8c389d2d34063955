"""Second payments of a deal, or of one person for one offer, that may be mistakes."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet

from revenue.enums import HELD_STATES
from revenue.models import Order


def possible_doubles() -> QuerySet[Order]:
    """Return the orders that may have been paid twice by mistake; no statement yet.

    ``Order.may_be_double`` as a query.
    """
    return Order.objects.filter(_held(), _held("double_of__"), double_verdict__isnull=True)


def _held(of: str = "") -> Q:
    went_back = F(f"{of}refunded_minor") + F(f"{of}disputed_minor")
    is_left = Q((f"{of}amount_minor", 0)) | Q((f"{of}amount_minor__gt", went_back))
    return Q((f"{of}state__in", HELD_STATES)) & is_left
