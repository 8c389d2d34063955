"""A document was released: its buyer hears of it, in the commit of the release."""

from __future__ import annotations

from datetime import datetime

from revenue.models import Order
from revenue.operations.mails import queue_delivered


def tell_buyer(*, order_id: int, deliverable_ref: str, now: datetime) -> None:
    """Queue the mail that says that the order's work is here, once for each document."""
    order = Order.objects.get(pk=order_id)
    queue_delivered(order=order, deliverable_ref=deliverable_ref, now=now)
