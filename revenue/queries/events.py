"""Filed Stripe events, as operators look at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

from django.db import connection

from kernel.paging import Cursor, Page, page_of
from notices import queries as notices
from revenue.enums import AlertKind, EventState
from revenue.models import (
    EventAlarm,
    EventClosing,
    EventRendering,
    Order,
    RevenueEvent,
    StripeWebhookEvent,
    WebhookAttempt,
)
from revenue.queries.payload import masked

ROWS_PER_PAGE: Final = 50
ATTEMPTS_SHOWN_MAX: Final = 50
ID_MARGIN: Final = 1000  # deliveries at one moment may get their ids in another order

# Ids grow with the time of filing, so a moment is found by halving, like a word in a dictionary.
# An index on the time would be paid for at the webhook's door.
_FIRST_ID_SINCE: Final = """
WITH RECURSIVE halves (low, high) AS (
    SELECT COALESCE(min(id), 0), COALESCE(max(id), 0) + 1 FROM revenue_stripewebhookevent
    UNION ALL
    SELECT CASE WHEN is_later THEN low ELSE probe_id + 1 END,
        CASE WHEN is_later THEN mid ELSE high END
    FROM (
        SELECT low, high, mid, probe.id AS probe_id,
            probe.id IS NULL OR probe.id >= high OR probe.received_at >= %(moment)s AS is_later
        FROM (SELECT low, high, (low + high) / 2 AS mid FROM halves WHERE low < high) AS middle
        LEFT JOIN LATERAL (
            SELECT id, received_at FROM revenue_stripewebhookevent
            WHERE id >= middle.mid ORDER BY id LIMIT 1
        ) AS probe ON true
    ) AS step
)
SELECT low FROM halves WHERE low >= high LIMIT 1
"""


def events_page(
    *, cursor: Cursor, state: str = "", type_: str = "", mode: str = "", day: date | None = None
) -> Page[StripeWebhookEvent]:
    """Return one page of events without their bodies, newest first; "" and None mean any.

    At most three statements.
    """
    narrowed: dict[str, Any] = {}
    if state:
        narrowed["state"] = state
    if type_:
        narrowed["type"] = type_
    if mode:
        narrowed["mode"] = mode
    if day is not None:
        narrowed |= _of_day(day)
    events = StripeWebhookEvent.objects.defer("body").select_related("order")
    return page_of(events.filter(**narrowed), cursor=cursor, limit=ROWS_PER_PAGE)


def _of_day(day: date) -> dict[str, Any]:
    begins = datetime.combine(day, time.min, tzinfo=UTC)
    ends = datetime.combine(day, time.max, tzinfo=UTC)  # the last day there is has no next one
    return {
        "pk__gte": _first_id_since(begins) - ID_MARGIN,
        "pk__lt": _first_id_since(ends) + ID_MARGIN,
        "received_at__gte": begins,
        "received_at__lte": ends,
    }


def _first_id_since(moment: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_ID_SINCE, {"moment": moment})
        row = cursor.fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFile:
    """One event and all that is known of it."""

    event: StripeWebhookEvent
    attempts: Sequence[WebhookAttempt]
    closing: EventClosing | None
    alarms: Sequence[tuple[EventAlarm, str]]
    renderings: Sequence[tuple[EventRendering, str]]
    open_alarm_ref: str
    revenue_events: Sequence[RevenueEvent]
    order: Order | None
    payload: str

    @property
    def is_busy(self) -> bool:
        """Say whether a worker acts on it at this moment."""
        return self.event.state == EventState.PROCESSING


def event_file(stripe_id: str) -> EventFile | None:
    """Return one event with its attempts, alarms and results; the payload is masked."""
    events = StripeWebhookEvent.objects.select_related("order", "repeat")
    event = events.filter(stripe_id=stripe_id).first()
    if event is None:
        return None
    attempts = WebhookAttempt.objects.filter(event=event).order_by("-id")[:ATTEMPTS_SHOWN_MAX]
    alarms = EventAlarm.objects.filter(event=event).order_by("id")
    booked = RevenueEvent.objects.filter(event=event).select_related("order").order_by("id")
    return EventFile(
        event=event,
        attempts=list(attempts),
        closing=_closing(event),
        alarms=[(each, _payload(each.body)) for each in alarms],
        renderings=[
            (each, _payload(each.body))
            for each in EventRendering.objects.filter(event=event).order_by("id")
        ],
        open_alarm_ref=_open_alarm(stripe_id),
        revenue_events=list(booked),
        order=event.order,
        payload=_payload(event.body),
    )


def _closing(event: StripeWebhookEvent) -> EventClosing | None:
    """Return who closed the event, and why; None where it does not stand closed."""
    if event.state != EventState.CLOSED:
        return None
    closings = EventClosing.objects.filter(event=event).select_related("closed_by")
    return closings.order_by("-id").first()


def _payload(body: bytes | memoryview | None) -> str:
    return "" if body is None else masked(bytes(body))


def _open_alarm(stripe_id: str) -> str:
    """Return the reference of the alert about other content that nobody has dealt with."""
    return notices.open_alert(kind=AlertKind.EVENT_DIFFERS, subject=stripe_id)


def events_to_replay(
    *, state: str, type_: str, since: datetime | None, mode: str, limit: int
) -> list[tuple[str, str]]:
    """Return id and type of the oldest events of this mode that are like that."""
    events = StripeWebhookEvent.objects.filter(mode=mode)
    if state:
        events = events.filter(state=state)
    if type_:
        events = events.filter(type=type_)
    if since is not None:
        events = events.filter(received_at__gte=since)
    return list(events.order_by("id").values_list("stripe_id", "type")[:limit])
