"""A buyer says that what was delivered is wrong: an owner looks at it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from fulfillment import operations as fulfillment
from kernel.modes import Mode
from notices import operations as notices
from revenue.enums import AlertKind
from revenue.models import Order


@transaction.atomic(durable=True)
def say_wrong(*, order_id: int, now: datetime) -> bool:
    """Alert operators that the order's buyer finds a mistake, once for each delivery.

    Say whether this was the first time. Nothing was delivered: nothing happens.
    """
    deliverable_ref = fulfillment.say_wrong(order_id=order_id, now=now)
    if not deliverable_ref:
        return False
    order = Order.objects.get(pk=order_id)
    notices.raise_alert(
        kind=AlertKind.DELIVERY_WRONG,
        item=deliverable_ref,
        subject=deliverable_ref,
        mode=Mode(order.mode),
        now=now,
        facts={"order": order.reference},
    )
    return True
