"""The holder of a seat lists our tools: so it reached us, and knows what to call."""

from __future__ import annotations

from django.db import transaction

from toolrouter.models import Seat
from toolrouter.queries.seats import SeatPass


def note_listing(seat: SeatPass) -> None:
    """Note the first time. Afterwards no statement."""
    if seat.listed_at is None and not seat.is_ended:
        with transaction.atomic(durable=True):
            Seat.objects.filter(pk=seat.seat_id, listed_at=None).update(listed_at=seat.now)
