"""Whether the agent's runtime may have work: what it says of itself, and what we have seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from fulfillment.enums import RuntimeState
from fulfillment.models import RuntimeStatus
from fulfillment.operations.runtimes import write_runtime
from fulfillment.ports import Fault, Runtime, RuntimeAway, RuntimeRefused, RuntimeUnsure
from toolrouter.queries import seats_now

CHECKED_EVERY: Final = timedelta(seconds=10)


def check_sometimes(runtime: Runtime, *, now: datetime) -> None:
    """Check it unless that was done a moment ago and it was ready then."""
    known = RuntimeStatus.objects.filter(status=RuntimeState.READY).first()
    if known is None or now - known.noted_at >= CHECKED_EVERY:
        check(runtime, now=now)


def check(runtime: Runtime, *, now: datetime) -> RuntimeState:
    """Ask it, and write down how it stands. It refuses by name whatever is not as it must be."""
    try:
        faults = [*runtime.faults(), *_lanes()]
    except (RuntimeAway, RuntimeUnsure):
        return _away(now)
    except RuntimeRefused as refusal:
        faults = [Fault(code=refusal.code)]
    state = RuntimeState.REFUSED if faults else RuntimeState.READY
    with transaction.atomic(durable=True):
        write_runtime(state, faults=faults, now=now)
    return state


def _lanes() -> list[Fault]:
    """Return the lanes that have not listed our tools since their seats were made."""
    seats = seats_now()
    unseen = [Fault(code="lane", about=seat.lane) for seat in seats if not seat.is_ready]
    return unseen or ([] if seats else [Fault(code="no_seats")])


def _away(now: datetime) -> RuntimeState:
    """Write down that it does not answer, unless somebody who sets it up said more."""
    known = RuntimeStatus.objects.first()
    if known is not None and known.status in (RuntimeState.SETTING_UP, RuntimeState.NOT_INSTALLED):
        return RuntimeState(known.status)
    with transaction.atomic(durable=True):
        write_runtime(RuntimeState.AWAY, faults=[], now=now)
    return RuntimeState.AWAY
