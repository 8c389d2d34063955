"""Asking people about a call: the request and what stands in it, in the proposal's commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import connection

from approvals.operations import Again, open_request
from approvals.registry import Around
from kernel.money import Money
from toolrouter import policy
from toolrouter.approval_rules import KIND_NAME, rule_name
from toolrouter.envelopes import envelope_of
from toolrouter.operations.deciding import key_of
from toolrouter.operations.recording import Asked
from toolrouter.operations.reserving import cap_words
from toolrouter.ports import Arguments, Call
from toolrouter.queries.safety import Safety
from toolrouter.vocabulary import Risk

WAIT_S: Final = 60  # after which an agent with too many requests may ask again
ENDS_WITH_ITS_RUN: Final = "The run ends before the usual time for a decision is over."
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('toolrouter.calls'), %s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What a call waits for, and what it moves."""

    approval_ref: str
    amount: Money | None


def hold_calls_of(grant_id: int) -> None:
    """Let no other call of the run be told apart before COMMIT: what it asked stays as it is read.

    Whoever asks for the same meanwhile, or asks people, waits here until this one is done.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [grant_id])


def ask_people(
    asked: Asked, arguments: Arguments | None, safety: Safety, facts: policy.Facts, reference: str
) -> Waiting:
    """Open the request for the call that will be ``reference``. Raises NotPossible.

    Beside it stands what is left of each cap, before it and after it.
    """
    entry: Any = asked.entry
    if arguments is None:
        raise AssertionError(f"{entry.name} was not read")
    call = call_of_asked(asked, reference)
    plan = entry.effect.plan(arguments, call)
    if entry.ceiling is not None and plan.amount != entry.ceiling(arguments):
        raise AssertionError(f"{entry.name} plans another amount than its ceiling")
    within, left = _decide_within(entry.risk, safety), safety.grant.expires_at - call.now
    ends = left < within
    opened = open_request(
        kind=KIND_NAME,
        rule=rule_name(entry.risk, mode=call.mode, people=_people(facts)),
        envelope=envelope_of(entry, arguments, plan, call, key=key_of(entry.effect)),
        around=Around(
            asks=safety.grant.run_code,
            room=[*plan.room, *room_lines(facts, plan.amount)],
            notes=[*_edits(asked), *plan.notes, *([ENDS_WITH_ITS_RUN] if ends else [])],
            agent_words=plan.agent_words,
        ),
        subject_ref=reference,
        project_ref=call.project_ref,
        run_ref=call.run_ref,
        mode=call.mode,
        trace_ref=call.trace_ref,
        amount=plan.amount,
        policy_version=str(policy.VERSION),
        decide_within=min(within, left),
        again=_again(asked),
        now=call.now,
    )
    return Waiting(approval_ref=opened.reference, amount=plan.amount)


def call_of_asked(asked: Asked, reference: str) -> Call:
    """Return the call that is being made, as its operation sees it."""
    credential = asked.credential
    return Call(
        reference=reference,
        run_ref=credential.run_ref,
        project_ref=credential.project_ref,
        mode=credential.mode,
        trace_ref=credential.trace_ref,
        now=credential.now,
        replaces=asked.again.of.approval_ref if asked.again and asked.again.edits else "",
    )


def _people(facts: policy.Facts) -> int:
    return facts.people.needed if facts.people else 1


def room_lines(facts: policy.Facts, amount: Money | None) -> list[tuple[str, str]]:
    """Return what is left of each cap that holds a call, before it and after it."""
    if amount is None:
        return []
    return [
        (f"Left: {cap_words(cap).lower()}", f"{left.figure()} → {(left - amount).figure()}")
        for cap in facts.caps
        for left in [Money(cap.headroom_minor, amount.currency)]
    ]


def _again(asked: Asked) -> Again | None:
    if asked.again is None:
        return None
    return Again(
        by_id=asked.again.by_id,
        of=asked.again.of.approval_ref,
        is_edited=bool(asked.again.edits),
    )


def _edits(asked: Asked) -> list[str]:
    return [asked.again.edits] if asked.again and asked.again.edits else []


def _decide_within(risk: Risk, safety: Safety) -> timedelta:
    hours = {
        Risk.OUTBOUND: safety.decide_outbound_h,
        Risk.SPEND: safety.decide_spend_h,
        Risk.PROVISIONING: safety.decide_provisioning_h,
    }
    return timedelta(hours=hours[risk])
