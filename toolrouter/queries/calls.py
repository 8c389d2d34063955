"""Tool calls as agents and pages see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from approvals.queries import reason_for_the_agent, subject_asked_again
from toolrouter.answers import Answer
from toolrouter.enums import CallState
from toolrouter.models import ToolCall
from toolrouter.outgoing import outgoing
from toolrouter.ports import AnyApproved, AnyLater, ByHand, Operation
from toolrouter.registry import registry
from toolrouter.vocabulary import Code, Status

STATUS_OF: Final = {
    CallState.NEEDS_APPROVAL: Status.NEEDS_APPROVAL,
    CallState.APPROVED: Status.IN_PROGRESS,
    CallState.EXECUTING: Status.IN_PROGRESS,
    CallState.DONE: Status.DONE,
    CallState.DENIED: Status.DENIED,
    CallState.FAILED: Status.FAILED,
    CallState.UNKNOWN: Status.UNKNOWN,
}

RETRY_AFTER_S: Final = 2  # of what a worker is at


def answer_of(call: ToolCall) -> Answer:
    """Return what an agent is told of a call; of a read without what it returned.

    What was handed to a person or a worker is told as it stands now.
    """
    entry = registry().find(call.operation)
    if call.state == CallState.DONE and isinstance(entry, Operation) and entry.later:
        return _answer_of_worker(call, entry.later)
    result = call.result
    if call.state == CallState.DONE and isinstance(by_hand := _approved(call), ByHand):
        result = {**(result or {}), **by_hand.result_now(call.reference)}
    return Answer(
        status=STATUS_OF[CallState(call.state)],
        action=call.reference,
        approval=call.approval_ref or None,
        codes=tuple(Code(code) for code in call.codes),
        result=result,
    )


def _answer_of_worker(call: ToolCall, later: AnyLater) -> Answer:
    progress = later.progress(call.result_refs)
    return Answer(
        status=progress.status,
        action=call.reference,
        result=outgoing(progress.result),
        retry_after_s=RETRY_AFTER_S if progress.status == Status.IN_PROGRESS else None,
    )


def _approved(call: ToolCall) -> AnyApproved | None:
    entry = registry().find(call.operation)
    return entry.effect if isinstance(entry, Operation) else None


def answer_now(call_ref: str) -> Answer:
    """Return where a call stands that somebody was told of a moment ago, and waits for."""
    return answer_of(ToolCall.objects.get(reference=call_ref))


def answer_of_action(*, grant_id: int, action: object) -> Answer:
    """Return where an action of that run stands; one of no run or another's does not exist."""
    call = None
    if isinstance(action, str):
        call = ToolCall.objects.filter(grant_id=grant_id, reference=action).first()
    if call is None:
        return Answer.denied(Code.NOT_FOUND)
    answer = answer_of(call)
    told = {}
    if answer.codes == (Code.REFUSED,) and (reason := reason_for_the_agent(call.approval_ref)):
        told["reason"] = reason
    if answer.status == Status.DENIED and (later := subject_asked_again(call.approval_ref)):
        told["asked_again"] = later
    return replace(answer, result=outgoing(told)) if told else answer


def calls_made(run_ref: str, *, since: datetime) -> int:
    """Return how many calls a run has made since then. One statement."""
    return ToolCall.objects.filter(grant__run_ref=run_ref, asked_at__gte=since).count()
