"""A runtime gets its seats: at each of its starts, or from a person who sets one up elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from kernel.references import new_reference
from toolrouter.models import Seat
from toolrouter.operations.changes import audit
from toolrouter.operations.seats import free_seats_of
from toolrouter.planning import LANES_MAX, lane_name, new_seat_token, token_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSeat:
    """A seat that was just made, with its token: the only time that anybody sees it."""

    lane: str
    token: str


@transaction.atomic(durable=True)
def make_seats(*, lanes: int, actor_id: int | None, now: datetime) -> list[MadeSeat]:
    """Make the seats of ``lanes`` lanes; all that were there before end in the same commit.

    Whoever held those has begun anew, or is to: what they served is open to nobody any more.
    """
    if not 1 <= lanes <= LANES_MAX:
        raise ValueError(f"{lanes} is no number of lanes; there are 1 to {LANES_MAX}")
    before = list(Seat.objects.filter(ended_at=None).order_by("pk").select_for_update(no_key=True))
    for seat in before:
        seat.ended_at = now
        seat.save(update_fields=["ended_at"])
        audit("seat.ended", seat.reference, actor_id=None, now=now)
    free_seats_of(before, now=now)
    return [_make(lane_name(number), actor_id=actor_id, now=now) for number in range(1, lanes + 1)]


def _make(lane: str, *, actor_id: int | None, now: datetime) -> MadeSeat:
    token = new_seat_token()
    seat = Seat.objects.create(
        reference=new_reference("seat"),
        lane=lane,
        token_sha256=token_sha256(token),
        made_by_id=actor_id,
        made_at=now,
    )
    audit(
        "seat.made",
        seat.reference,
        facts={"lane": lane, "token_digest": seat.token_sha256},
        actor_id=actor_id,
        now=now,
    )
    return MadeSeat(lane=lane, token=token)
