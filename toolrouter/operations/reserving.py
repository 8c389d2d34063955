"""Money is set aside for a spend, settled or released, in the commit of what causes it.

Locks: the caps come after account, project and grant, and before the request and the call; the
reservation after the call (docs/rules.md). Whoever reserves holds the caps, so that nobody else
does meanwhile; giving back and settling need no cap, for they never take more than was reserved.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from kernel.money import Money
from kernel.references import new_reference
from kernel.statements import insert
from kernel.transitions import LostRace
from ledger import operations as ledger
from ledger.enums import EntryKind
from toolrouter import caps
from toolrouter.enums import IncidentKind, ReservationState, Scope
from toolrouter.models import Capture, Reservation, ToolCall
from toolrouter.operations.changes import By
from toolrouter.operations.incidents import open_incident
from toolrouter.policy import CapFact, Facts

_WHY: Final = {
    IncidentKind.OVER_CAP: "More was paid than was approved.",
    IncidentKind.MISMATCH: "It was paid in another currency than was approved, or after its money"
    " had been given back.",
}


def cap_words(cap: CapFact) -> str:
    """Return which cap it is, as people read it: ``Project, 24 hours``."""
    return caps.words(cap.scope, cap.window)


def missing(facts: Facts, *, currency: str) -> str:
    """Return how much is missing for a call and under which caps; nothing where it all fits."""
    if facts.ceiling_minor is None:
        return ""
    short = [
        f"{Money(facts.ceiling_minor - cap.headroom_minor, currency)} is missing under the cap"
        f" “{cap_words(cap)}”, which has {Money(cap.headroom_minor, currency)} left."
        for cap in facts.caps
        if not caps.fits(ceiling_minor=facts.ceiling_minor, headroom_minor=cap.headroom_minor)
    ]
    if (funding := facts.funding) and funding.headroom_minor < facts.ceiling_minor:
        lacks = Money(facts.ceiling_minor - funding.headroom_minor, currency)
        short.append(f"{lacks} is missing of what the buyer's payment lets this run spend.")
    return " ".join(short)


def reserve(call: ToolCall, *, family: str, now: datetime) -> None:
    """Set aside all that ``call`` can cost, once: in the commit of the last decision.

    The caller holds the caps and the call, and has found that it fits.
    """
    if call.grant_id is None or call.amount_minor is None:
        raise AssertionError(f"{call} is of no run, or costs nothing")
    held = Reservation(
        reference=new_reference("rsv"),
        call=call,
        grant_id=call.grant_id,
        project_ref=call.project_ref,
        run_ref=call.run_ref,
        family=family,
        currency=call.currency,
        mode=call.mode,
        ceiling_minor=call.amount_minor,
        reserved_at=now,
    )
    held.begin(ReservationState.OPEN)
    insert(held)
    _enter(held, call, at=now)


def release(call_ref: str, *, now: datetime) -> bool:
    """Give back what is still reserved for a call; say whether anything was.

    Called by whoever closes the call, or what came of it, when nothing more will be captured.
    """
    held = _held(call_ref)
    if held is None or held.state != ReservationState.OPEN:
        return False
    is_spent = held.captures.exists()
    state = ReservationState.SETTLED if is_spent else ReservationState.RELEASED
    _close(held, state, now=now)
    return True


def capture(call_ref: str, *, captured: Money, at: datetime, now: datetime) -> None:
    """Book money that was taken for a call ``at`` the provider's time; more may follow.

    What nobody authorised is booked all the same: above the ceiling, in another currency, or after
    the reservation was closed. It opens an incident, and the project is on hold in the same
    commit. So call this first in a transaction, before the call or what came of it is locked.
    Raises Reservation.DoesNotExist for a call that reserved nothing, and LostRace.
    """
    _book(call_ref, captured=captured, at=at, now=now)


def settle(call_ref: str, *, captured: Money, at: datetime, now: datetime) -> str:
    """Book the last money that was taken for a call, as ``capture`` does, and free the rest.

    Returns the reference of the incident that it opened, "" where it opened none.
    """
    held, incident_ref = _book(call_ref, captured=captured, at=at, now=now)
    if held.state == ReservationState.OPEN:
        _close(held, ReservationState.SETTLED, now=now)
    return incident_ref


def _book(
    call_ref: str, *, captured: Money, at: datetime, now: datetime
) -> tuple[Reservation, str]:
    """Return the reservation, held, and the incident that it opened; "" where it opened none."""
    incident_ref = ""
    known = Reservation.objects.get(call__reference=call_ref)
    kind = _not_authorised(known, captured)
    if kind:
        incident_ref = open_incident(
            kind=kind,
            scope=Scope.PROJECT,
            ref=known.project_ref,
            about_ref=call_ref,
            by=By(actor_id=None, reason=_WHY[kind]),
            now=now,
        )
    held = _held(call_ref)
    if held is None or _not_authorised(held, captured) != kind:
        raise LostRace(f"{known} was closed, or captured from, meanwhile")
    booked = Capture(
        reference=new_reference("cpt"),
        reservation=held,
        project_ref=held.project_ref,
        run_ref=held.run_ref,
        family=held.family,
        currency=captured.currency,
        mode=held.mode,
        amount_minor=captured.amount_minor,
        captured_at=at,
        booked_at=now,
    )
    booked.save()
    ledger.record(
        key=f"capture.booked:{booked.reference}",
        kind=EntryKind.TOOL,
        event="capture.booked",
        subject=booked.reference,
        refs=[held.reference, held.call.reference, held.run_ref, held.project_ref],
        facts={
            "family": booked.family,
            "amount_minor": booked.amount_minor,
            "currency": booked.currency,
        },
        mode=booked.mode,
        trace_ref=held.call.trace_ref,
        occurred_at=at,
        now=now,
    )
    return held, incident_ref


def _not_authorised(known: Reservation, captured: Money) -> IncidentKind | None:
    """Say what is wrong with a capture, if anything is."""
    if known.state != ReservationState.OPEN or captured.currency != known.currency:
        return IncidentKind.MISMATCH
    earlier = known.captures.filter(currency=known.currency).values_list("amount_minor", flat=True)
    is_over = sum(earlier) + captured.amount_minor > known.ceiling_minor
    return IncidentKind.OVER_CAP if is_over else None


def _held(call_ref: str) -> Reservation | None:
    rows = Reservation.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("call").filter(call__reference=call_ref).first()


def _close(held: Reservation, state: ReservationState, *, now: datetime) -> None:
    held.move(state, closed_at=now)
    _enter(held, held.call, at=now)


def _enter(held: Reservation, call: ToolCall, *, at: datetime) -> None:
    """Append the entry that says when a reservation came to its state."""
    ledger.record(
        key=f"reservation.{held.state}:{held.reference}",
        kind=EntryKind.TOOL,
        event=f"reservation.{held.state}",
        subject=held.reference,
        refs=[call.reference, held.run_ref, held.project_ref],
        facts={
            "family": held.family,
            "amount_minor": held.ceiling_minor,
            "currency": held.currency,
        },
        mode=held.mode,
        trace_ref=call.trace_ref,
        occurred_at=at,
        now=at,
    )
