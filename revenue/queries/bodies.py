"""Which filed events still hold what Stripe wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import Q

from revenue.models import (
    CheckoutSession,
    Dispute,
    EventAlarm,
    EventRendering,
    Order,
    Refund,
    StripeWebhookEvent,
)

ADDRESS: Final = re.compile(rb"[^@\s]+@[^@\s]+")

# A scan over every body that is left: for the rare day on which a person asks to be erased.
# An alarm or another rendering may have come after its event was emptied, so each is looked into on
# its own. Addresses are
# written in capitals and in small letters; "escape" turns any bytes into text that has no others.
_ABOUT = """
WITH needles AS (
    SELECT lower(encode(needle, 'escape')) AS needle FROM unnest(%(needles)s::bytea[]) AS needle
), about AS (
    SELECT id FROM revenue_stripewebhookevent
    WHERE object_id = ANY(%(objects)s) OR order_id = ANY(%(orders)s) OR trace_ref = ANY(%(traces)s)
        OR EXISTS (SELECT FROM needles WHERE position(needle IN lower(encode(body, 'escape'))) > 0)
    UNION
    SELECT event_id FROM revenue_eventalarm, needles
    WHERE position(needle IN lower(encode(body, 'escape'))) > 0
    UNION
    SELECT event_id FROM revenue_eventrendering, needles
    WHERE position(needle IN lower(encode(body, 'escape'))) > 0
)
SELECT about.id FROM about JOIN revenue_stripewebhookevent AS event ON event.id = about.id
WHERE event.body IS NOT NULL
    OR EXISTS (SELECT 1 FROM revenue_eventalarm AS alarm
               WHERE alarm.event_id = about.id AND alarm.body IS NOT NULL)
    OR EXISTS (SELECT 1 FROM revenue_eventrendering AS other
               WHERE other.event_id = about.id AND other.body IS NOT NULL)
ORDER BY about.id
"""


def bodies_older_than(moment: datetime, *, limit: int) -> list[int]:
    """Return the ids of the oldest events, received before ``moment``, that are not emptied.

    After them, events whose alarm or other rendering came later and has grown as old meanwhile.
    """
    events = StripeWebhookEvent.objects.filter(emptied_at__isnull=True, received_at__lt=moment)
    full = list(events.order_by("received_at").values_list("pk", flat=True)[:limit])
    for beside in (EventAlarm, EventRendering):
        rows = beside.objects.filter(body__isnull=False, received_at__lt=moment).order_by("pk")
        full = full or list(rows.values_list("event_id", flat=True)[:limit])
    return full


def bodies_about(*, contact_ids: Sequence[int], emails: Sequence[str]) -> list[int]:
    """Return every event that still holds words about one person, whatever its type.

    Events of their orders, of every object of those payments, and any whose body names one of
    these objects or one of the person's addresses: a declined card is linked to no order.
    """
    orders = Order.objects.filter(is_theirs(contact_ids, emails))
    order_ids = list(orders.values_list("pk", flat=True))
    objects = _objects_of(order_ids)
    needles = sorted({*(each.encode() for each in objects), *_as_written(emails)})
    with connection.cursor() as cursor:
        cursor.execute(
            _ABOUT,
            {
                "objects": sorted(objects),
                "orders": order_ids,
                "traces": list(orders.values_list("trace_ref", flat=True)),
                "needles": needles,
            },
        )
        return [int(row[0]) for row in cursor.fetchall()]


def _as_written(emails: Sequence[str]) -> set[bytes]:
    """Return the ways in which JSON writes these addresses, with and without escapes.

    What is no address is only looked for as a whole text: as part of one it may be anybody's.
    """
    written = {
        json.dumps(email, ensure_ascii=is_escaped).encode()
        for email in filter(None, emails)
        for is_escaped in (True, False)
    }
    return {each[1:-1] if ADDRESS.fullmatch(each[1:-1]) else each for each in written}


def is_theirs(contact_ids: Sequence[int], emails: Sequence[str]) -> Q:
    """Return what narrows orders to one person's: of those contacts, or paid by such an address."""
    is_theirs = Q(contact__in=contact_ids)
    for email in filter(None, emails):
        is_theirs |= Q(buyer_email__iexact=email)
    return is_theirs


def _objects_of(order_ids: Sequence[int]) -> set[str]:
    """Return Stripe's ids of all that belongs to these orders."""
    found: set[str] = set()
    orders = Order.objects.filter(pk__in=order_ids)
    for pair in orders.values_list("payment_intent_id", "charge_id"):
        found.update(pair)
    sessions = CheckoutSession.objects.filter(order__in=order_ids)
    found.update(each for each in sessions.values_list("stripe_id", flat=True) if each)
    for model in (Refund, Dispute):
        rows = model.objects.filter(order__in=order_ids)
        found.update(rows.values_list("stripe_id", flat=True))
    return found - {""}
