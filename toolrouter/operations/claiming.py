"""A call as it stands in its row, decided and derived anew: for an approval, and for the claim."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from approvals.queries import people_asked
from approvals.registry import Envelope
from kernel.append_only import salted_digest
from toolrouter.envelopes import envelope_of
from toolrouter.models import ToolCall
from toolrouter.operations.deciding import facts_of, key_of
from toolrouter.policy import Facts, judge
from toolrouter.ports import (
    AnyApproved,
    AnyEffect,
    AnyOperation,
    Arguments,
    Call,
    Effect,
    NotPossible,
    Operation,
    Standing,
)
from toolrouter.queries.safety import safety_of
from toolrouter.registry import Reading, read_arguments, registry
from toolrouter.vocabulary import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Rederived:
    """What follows from a call now. ``envelope`` is None where something stands against it."""

    facts: Facts
    codes: tuple[Code, ...]
    arguments: Arguments | None
    envelope: Envelope | None = None


def operation_of(call: ToolCall) -> AnyOperation:
    """Return the operation that a call asks for. Raises LookupError where this version has none."""
    entry = registry().find(call.operation)
    if not isinstance(entry, Operation) or entry.effect is None:
        raise LookupError(f"{call.operation} is no operation that needs a person")
    return entry


def approved_of(call: ToolCall) -> AnyApproved:
    """Return what a call does outside, at a provider or by hand. Raises LookupError."""
    approved = operation_of(call).effect
    if approved is None:
        raise LookupError(call.operation)
    return approved


def effect_of(call: ToolCall) -> AnyEffect:
    """Return what a call does at a provider. Raises LookupError for what is done by hand."""
    effect = approved_of(call)
    if not isinstance(effect, Effect):
        raise LookupError(f"{call.operation} asks no provider")
    return effect


def call_of(call: ToolCall, *, now: datetime) -> Call:
    """Return a call as its operation sees it."""
    return Call(
        reference=call.reference,
        run_ref=call.run_ref,
        project_ref=call.project_ref,
        mode=call.mode,
        trace_ref=call.trace_ref,
        now=now,
    )


def stored_arguments(call: ToolCall) -> Reading:
    """Read what was asked from the row, after comparing it with its digest."""
    if not call.asked_salt:
        return Reading(found=(Code.SUBJECT_GONE,))
    if salted_digest(call.asked, salt=call.asked_salt) != call.asked_digest:
        return Reading(found=(Code.SUPERSEDED,))
    return read_arguments(operation_of(call), json.loads(call.asked)["arguments"])


def facts_now(
    call: ToolCall,
    *,
    now: datetime,
    arguments: Arguments | None,
    found: tuple[Code, ...] = (),
    confirms_key: bool = False,
) -> Facts:
    """Return the policy's facts of a call as they are now; share-locks the safety rows.

    Its own reservation is not counted against it.
    """
    safety = safety_of(call.grant_id or 0, lock=True)  # never 0: it belongs to a run
    return facts_of(
        operation_of(call),
        found=found,
        safety=safety,
        now=now,
        arguments=arguments,
        own_call=call.pk,
        confirms_key=confirms_key,
    )


def codes_of(call: ToolCall, facts: Facts) -> tuple[Code, ...]:
    """Return what stands against a call that people were asked about.

    Where more must approve by now than were asked, it must be asked again.
    """
    codes = judge(facts).codes
    needed = facts.people.needed if facts.people else 0
    if codes or needed <= 1 or needed <= people_asked(call.approval_ref):
        return codes
    return (Code.NO_APPROVER,)


def rederive(call: ToolCall, *, now: datetime) -> Rederived:
    """Read, decide and derive a call again, holding in the house's order what it is about.

    What it is about comes first, then account, project and grant. It is for whoever makes the call:
    the key that this process holds must be the one that was proved.
    """
    operation, reading = operation_of(call), stored_arguments(call)
    found = (*reading.found, *_standing(operation, call, reading.arguments))
    facts = facts_now(call, now=now, arguments=reading.arguments, found=found, confirms_key=True)
    codes = codes_of(call, facts)
    arguments = reading.arguments
    if codes or arguments is None or operation.effect is None:
        return Rederived(facts=facts, codes=codes, arguments=arguments)
    about = call_of(call, now=now)
    try:
        plan = operation.effect.plan(arguments, about)
    except NotPossible:
        return Rederived(facts=facts, codes=(Code.NOT_POSSIBLE,), arguments=arguments)
    envelope = envelope_of(operation, arguments, plan, about, key=key_of(operation.effect))
    return Rederived(facts=facts, codes=(), arguments=arguments, envelope=envelope)


def _standing(
    operation: AnyOperation, call: ToolCall, arguments: Arguments | None
) -> tuple[Code, ...]:
    if arguments is None or operation.subject is None or operation.standing is None:
        return ()
    ref = operation.subject(arguments)
    if ref != call.subject_ref:
        return (Code.SUPERSEDED,)
    standing = operation.standing(call.project_ref, ref)
    against = {Standing.ELSEWHERE: Code.NOT_FOUND, Standing.GONE: Code.SUBJECT_GONE}.get(standing)
    return (against,) if against else ()
