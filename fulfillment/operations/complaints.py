"""A reader says that what was delivered is wrong, in the caller's transaction."""

from __future__ import annotations

from datetime import datetime

from fulfillment.enums import DeliverableState
from fulfillment.models import Deliverable


def say_wrong(*, order_id: int, now: datetime) -> str:
    """Note that the order's buyer finds a mistake in what they have; return its reference.

    "" where nothing was released, and where they had said so before.
    """
    found = Deliverable.objects.select_for_update(no_key=True, of=("self",)).filter(
        run__intake__order_id=order_id, state=DeliverableState.RELEASED, wrong_at__isnull=True
    )
    deliverable = found.first()
    if deliverable is None:
        return ""
    deliverable.write(wrong_at=now)
    return deliverable.reference
