"""What becomes of a call that needed a person: each move with its entry, in the caller's commit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from kernel.canonical import digest
from kernel.references import new_reference
from toolrouter.enums import CallState, ReceiptState
from toolrouter.models import ProviderReceipt, ToolCall
from toolrouter.operations.recording import enter
from toolrouter.operations.reserving import release
from toolrouter.outgoing import outgoing
from toolrouter.ports import Answered, AnyEffect, Made
from toolrouter.timing import CALL_DEADLINE
from toolrouter.vocabulary import Code, Risk, most_severe_first

NOTHING_BOOKED: Final = Answered(result={})


def approve_call(call: ToolCall) -> None:
    """Let a call run when its hold is over. The approval's own entry says so."""
    call.move(CallState.APPROVED)


def deny(call: ToolCall, codes: Iterable[Code], *, now: datetime) -> None:
    """Close a call of which nothing was done; what was reserved for it is free again."""
    said = [str(code) for code in most_severe_first(codes)]
    call.move(CallState.DENIED, codes=said, closed_at=now)
    enter(call, CallState.DENIED, at=now)
    _release(call, now=now)


def begin(call: ToolCall, *, claim_facts: dict[str, object], now: datetime) -> None:
    """Claim a call: from here on it is nobody else's, and is never begun again."""
    call.move(
        CallState.EXECUTING,
        claim_facts=claim_facts,
        claimed_at=now,
        deadline_at=now + CALL_DEADLINE,
        look_at=now + CALL_DEADLINE,
    )
    enter(call, CallState.EXECUTING, at=now)


def lose(call: ToolCall, *, now: datetime) -> None:
    """Say that nobody knows what became of a call; it is looked for from now on.

    What was reserved for it stays so, whatever its age.
    """
    call.move(CallState.UNKNOWN, unknown_at=now)
    enter(call, CallState.UNKNOWN, at=now)


def lose_in_restore(call: ToolCall, *, now: datetime) -> None:
    """Let a call that a restored database knows as open be looked for: it may have run since."""
    call.move(
        CallState.UNKNOWN,
        unknown_at=now,
        restored_at=now,
        deadline_at=call.deadline_at or now + CALL_DEADLINE,
        look_at=now,
    )
    enter(call, CallState.UNKNOWN, at=now)


def fail(call: ToolCall, *, now: datetime) -> None:
    """Close a call that the provider refused, or that it twice had nothing of.

    What was reserved for it is free again.
    """
    call.move(CallState.FAILED, closed_at=now, look_at=None)
    enter(call, CallState.FAILED, at=now)
    _release(call, now=now)


def succeed(
    call: ToolCall, effect: AnyEffect, made: Made, *, now: datetime, is_booked: bool = True
) -> None:
    """Write down what the provider made, and that its own record is still to be read.

    What was reserved for it stays so until its effect settles or releases it.
    """
    answered = effect.record(call.reference, made, now=now) if is_booked else NOTHING_BOOKED
    finish(call, answered, now=now)
    receipt = ProviderReceipt(
        reference=new_reference("rcp"),
        call=call,
        mode=call.mode,
        provider=effect.provider,
        provider_ref=made.provider_ref,
        asked_minor=call.amount_minor,
        asked_currency=call.currency,
        made_at=now,
    )
    receipt.begin(ReceiptState.PENDING)
    receipt.save(force_insert=True)


def finish(call: ToolCall, answered: Answered, *, now: datetime) -> None:
    """Close a claimed call as done.

    One that was handed to a person is done with that: there is no provider's record to read, and
    its money stays reserved until that person says what came of it.
    """
    result = outgoing(answered.result)
    call.move(
        CallState.DONE,
        result=result,
        result_digest=digest(result),
        result_refs=list(answered.refs),
        closed_at=now,
        look_at=None,
    )
    enter(call, CallState.DONE, at=now)


def _release(call: ToolCall, *, now: datetime) -> None:
    if Risk(call.risk).costs_money:
        release(call.reference, now=now)
