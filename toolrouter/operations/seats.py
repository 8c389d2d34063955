"""Seats and the runs that they serve: bound, closed and freed in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from kernel.references import new_reference
from toolrouter.models import Grant, Seat, SeatBinding
from toolrouter.operations.changes import audit


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundSeat:
    """A seat that serves a run from now on."""

    binding_ref: str
    lane: str
    run_code: str


def bind_seat(run_ref: str, *, now: datetime) -> BoundSeat | None:
    """Bind the run to a free seat whose holder has listed our tools; None where there is none.

    One who asks at the same time gets another seat. The run must have no seat that is open to it.
    """
    seats = Seat.objects.filter(ended_at=None, listed_at__isnull=False)
    free = seats.exclude(bindings__in=SeatBinding.objects.filter(freed_at=None))
    seat = free.order_by("lane").select_for_update(no_key=True, skip_locked=True).first()
    # Who was bound while we looked is seen now: the row was ours to lock only afterwards.
    if seat is None or SeatBinding.objects.filter(seat=seat, freed_at=None).exists():
        return None
    grant = Grant.objects.get(run_ref=run_ref)
    binding = SeatBinding.objects.create(
        reference=new_reference("bnd"), seat=seat, grant=grant, bound_at=now
    )
    audit(
        "seat.bound",
        binding.reference,
        refs=[seat.reference, grant.reference, grant.run_ref],
        actor_id=None,
        now=now,
    )
    return BoundSeat(binding_ref=binding.reference, lane=seat.lane, run_code=grant.run_code)


def close_seat(binding_ref: str, *, now: datetime) -> None:
    """Let nobody in by this binding any more; its seat stays taken until it is freed. Idempotent.

    Calls that are being decided go on.
    """
    _close(_locked(SeatBinding.objects.filter(reference=binding_ref)), now=now)


def free_seat(binding_ref: str, *, now: datetime) -> None:
    """Close a binding and let its seat serve another run. Idempotent.

    Only for who knows that the runtime works on the old run no more.
    """
    _free(_locked(SeatBinding.objects.filter(reference=binding_ref)), now=now)


def close_seats_of(narrowed: dict[str, str], *, now: datetime) -> None:
    """Close every binding to the runs that a stop is about."""
    _close(_locked(SeatBinding.objects.filter(closed_at=None, **narrowed)), now=now)


def free_seats_of(seats: Iterable[Seat], *, now: datetime) -> None:
    """Free all bindings of seats that have ended: who held them has begun anew."""
    _free(_locked(SeatBinding.objects.filter(seat__in=list(seats), freed_at=None)), now=now)


def _locked(bindings: QuerySet[SeatBinding]) -> list[SeatBinding]:
    return list(bindings.order_by("pk").select_for_update(no_key=True, of=("self",)))


def _close(bindings: Iterable[SeatBinding], *, now: datetime) -> None:
    for binding in bindings:
        if binding.closed_at is None:
            binding.closed_at = now
            binding.save(update_fields=["closed_at"])
            audit("seat.closed", binding.reference, actor_id=None, now=now)


def _free(bindings: Iterable[SeatBinding], *, now: datetime) -> None:
    for binding in bindings:
        _close([binding], now=now)
        if binding.freed_at is None:
            binding.freed_at = now
            binding.save(update_fields=["freed_at"])
            audit("seat.freed", binding.reference, actor_id=None, now=now)
