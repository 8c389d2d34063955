"""One event in two renderings: what can be read is kept, and acted on."""

from __future__ import annotations

from datetime import datetime

from kernel.statements import insert_once
from revenue.enums import EventState
from revenue.models import EventRendering, StripeWebhookEvent


def keep_rendering(rendering: EventRendering, *, now: datetime) -> bool:
    """Keep the first rendering of its version, and have its event acted on; say whether it is new.

    The row of the event is locked after the rendering is there: a worker that ends the event at
    this moment sees the one or the other (``exchanges.events``).
    """
    if not insert_once(rendering):
        return False
    rows = StripeWebhookEvent.objects.select_for_update(no_key=True).only("state")
    event = rows.get(pk=rendering.event_id)
    if event.state in (EventState.DEAD, EventState.CLOSED):
        event.move(EventState.RECEIVED, next_attempt_at=now, attempts=0)
    return True
