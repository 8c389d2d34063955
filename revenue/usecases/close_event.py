"""A person says that nothing is to be done about an event that waits for one."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger import operations as ledger
from notices import operations as notices
from revenue.enums import AlertKind, EventState
from revenue.models import EventClosing, StripeWebhookEvent


class EventNotDead(Exception):
    """The event waits for nobody (any more). The text is a sentence for a person."""


@transaction.atomic(durable=True)
def close_event(stripe_id: str, *, reason: str, actor_id: int, now: datetime) -> EventClosing:
    """Take a dead event off everybody's list without acting on it; who and why is kept.

    Nothing it says is recorded, and it may still be replayed. Raises NotParked, or
    StripeWebhookEvent.DoesNotExist.
    """
    events = StripeWebhookEvent.objects.defer("body").select_for_update(no_key=True)
    event = events.get(stripe_id=stripe_id)
    if event.state != EventState.DEAD:
        raise EventNotDead(
            f"Nothing was closed: the event is {EventState(event.state).label}, "
            "and waits for nobody."
        )
    event.move(EventState.CLOSED, settled_at=now)
    closing = EventClosing.objects.create(
        event=event, reason=reason, closed_by_id=actor_id, closed_at=now
    )
    ledger.audit(
        actor_id=actor_id,
        event="event.closed",
        subject=event.ledger_ref,
        mode=event.mode,
        trace_ref=event.trace_ref,
        key=f"event.closed:event:{event.pk}:{closing.pk}",
        now=now,
    )
    notices.close_alerts(subject=stripe_id, kind=AlertKind.EVENT_DEAD, now=now)
    return closing
