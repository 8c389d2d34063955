"""A worker takes an approved call for itself, once and for all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction

from approvals.enums import Why
from approvals.operations import CannotUse, close_for, consume
from kernel.transitions import LostRace
from toolrouter.enums import CallState
from toolrouter.exchanges.starts import compare_start
from toolrouter.models import ToolCall
from toolrouter.operations.claiming import approved_of, call_of, effect_of, rederive
from toolrouter.operations.settling import begin, deny, finish
from toolrouter.ports import ByHand, NotPossible
from toolrouter.queries.clock import database_now
from toolrouter.queries.starts import known_start
from toolrouter.vocabulary import Code

# Why the request is closed, by what stands against the call.
_WHY: Final[Mapping[Code, Why]] = {
    Code.STOPPED: Why.STOPPED,
    Code.HOLD: Why.HOLD,
    Code.SUBJECT_GONE: Why.SUBJECT_GONE,
    Code.SUPERSEDED: Why.CHANGED,
    Code.NO_APPROVER: Why.APPROVER_LEFT,
    Code.EXPIRED: Why.EXECUTE_BY,
}
_TOO_EARLY: Final = "hold"  # what ``consume`` says before the approval's hold is over


def claim(call_ref: str, *, now: datetime) -> bool:
    """Claim an approved call and use its approval up; say whether the caller may now make it.

    Everything is decided and derived again as it is in this moment, while nobody can stop, hold or
    change it; our own row of what will be made is written in the same commit. What a person does by
    hand is done with that: it is handed over. What is stricter now than it was closes the call as
    denied. False too where its hold is not over, where somebody else was faster, and before the
    database was compared with the head kept outside of it. ``now`` is the database's.
    """
    if not compare_start(now=now):
        return False
    try:
        with transaction.atomic(durable=True):
            return _claim(ToolCall.objects.get(reference=call_ref), now=now)
    except LostRace:
        return False
    except NotPossible:  # what it would make cannot be written down as it is now
        with transaction.atomic(durable=True):
            _deny(ToolCall.objects.get(reference=call_ref), (Code.NOT_POSSIBLE,), now=now)
        return False


def _claim(call: ToolCall, *, now: datetime) -> bool:
    if call.state != CallState.APPROVED or not known_start().is_compared:
        return False
    derived = rederive(call, now=now)
    # Asked again when nobody is waited for any more: of a machine that stood still meanwhile, the
    # clock that counts on from the database's does not know it.
    now = max(now, database_now())
    if derived.envelope is None or derived.arguments is None:
        _deny(call, derived.codes, now=now)
        return False
    try:
        used = consume(call.reference, envelope=derived.envelope, now=now)
        if used != call.approval_ref:
            raise CannotUse(Code.SUPERSEDED)
    except CannotUse as reason:
        if reason.code != _TOO_EARLY:
            _deny(call, (Code(reason.code),), why=reason.why, now=now)
        return False
    begin(call, claim_facts=derived.facts.stored(), now=now)
    approved, about = approved_of(call), call_of(call, now=now)
    if isinstance(approved, ByHand):
        finish(call, approved.hand_over(derived.arguments, about), now=now)
    else:
        effect_of(call).book(derived.arguments, about)
    return True


def _deny(
    call: ToolCall, codes: tuple[Code, ...], *, now: datetime, why: Why | None = None
) -> None:
    """Close the request, and then the call. Raises LostRace."""
    close_for(call.reference, why=why or _WHY.get(codes[0], Why.NOT_ALLOWED), now=now)
    deny(call, codes, now=now)
