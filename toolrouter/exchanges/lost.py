"""Calls of which nobody heard: they are looked for at the provider, and never made again."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.db import transaction

from kernel.exchanges import NEVER_MADE, Clock
from kernel.retries import CallFailed
from toolrouter.enums import CallState
from toolrouter.exchanges.outcomes import record_made
from toolrouter.exchanges.receipts import read_receipt
from toolrouter.exchanges.sweeping import one_by_one
from toolrouter.models import ToolCall
from toolrouter.models.calls import RUNNING
from toolrouter.operations.claiming import approved_of, effect_of
from toolrouter.operations.recording import ABSENT, enter
from toolrouter.operations.settling import fail, lose
from toolrouter.ports import ByHand, Made
from toolrouter.timing import ABSENT_FOR, LOOK_AGAIN

logger = logging.getLogger(__name__)

_HELD: Final = ToolCall.objects.select_for_update(no_key=True)


def look_for_lost(*, clock: Clock, limit: int = 20) -> int:
    """Look for every call that is due. Returns how many were looked for.

    One that raises is due again later, and holds up no other; what it raised is raised in the end.
    """
    due = ToolCall.objects.filter(state__in=RUNNING, look_at__lte=clock()).order_by("look_at")
    references = list(due.values_list("reference", flat=True)[:limit])

    def look(reference: str) -> bool:
        try:
            look_for(reference, clock=clock)
        except Exception:
            _look_again(reference, at=clock() + LOOK_AGAIN)
            raise
        return True

    return one_by_one(references, look)


def look_for(call_ref: str, *, clock: Clock) -> None:
    """Ask the provider for what a call made, and write down what that shows.

    Found: it is done. Absent twice, ``ABSENT_FOR`` apart and the first time so long after the
    call's deadline: it failed. Anything else leaves it unknown.
    """
    asked_at = clock()
    call = _call_lost(call_ref, now=asked_at)
    try:
        made = _found(call)
    except CallFailed as error:
        logger.warning("not looked for", extra={"call": call_ref, "code": error.code})
        _look_again(call_ref, at=clock() + LOOK_AGAIN)
        return
    if made is None:
        _note_absent(call_ref, now=asked_at)
        return
    record_made(call_ref, made, now=clock())
    read_receipt(call_ref, clock=clock)


def _found(call: ToolCall) -> Made | None:
    """Return what the provider has of a call.

    Nobody can be asked about what people do: such a call is lost by a restore alone, which has its
    incident, and nothing of it is ours.
    """
    approved = approved_of(call)
    return None if isinstance(approved, ByHand) else effect_of(call).find(call.reference)


def _call_lost(call_ref: str, *, now: datetime) -> ToolCall:
    """Return the call; one whose deadline is over is unknown from now on."""
    with transaction.atomic(durable=True):
        call = _HELD.get(reference=call_ref)
        if call.state == CallState.EXECUTING and call.deadline_at and call.deadline_at <= now:
            lose(call, now=now)
        return call


def _look_again(call_ref: str, *, at: datetime) -> None:
    with transaction.atomic(durable=True):
        ToolCall.objects.filter(reference=call_ref, state__in=RUNNING).update(look_at=at)


def _note_absent(call_ref: str, *, now: datetime) -> None:
    with transaction.atomic(durable=True):
        call = _HELD.get(reference=call_ref)
        if call.state != CallState.UNKNOWN or call.deadline_at is None:
            return
        counts_from = call.deadline_at + ABSENT_FOR
        if now < counts_from:
            call.write(look_at=counts_from)
        elif call.absent_at is None:
            call.write(absent_at=now, look_at=now + ABSENT_FOR)
            enter(call, ABSENT, at=now)
        elif now >= call.absent_at + ABSENT_FOR:
            if call.claimed_at is not None:  # else we have no row of what it would have made
                effect_of(call).close(call_ref, code=NEVER_MADE)
            fail(call, now=now)
