"""Writing down one call: the row and the entry, in one transaction with what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kernel.append_only import new_salt, salted_digest
from kernel.canonical import canonical, digest
from kernel.money import Money
from kernel.references import new_reference
from kernel.statements import insert_once
from ledger import operations as ledger
from ledger.enums import EntryKind
from ledger.facts import FactValue
from toolrouter import policy
from toolrouter.enums import CallState
from toolrouter.models import ToolCall
from toolrouter.models.calls import CLOSED
from toolrouter.operations.digests import call_digest
from toolrouter.planning import WORDS_CHARS_MAX
from toolrouter.ports import Answered, Entry
from toolrouter.queries.credentials import Credential
from toolrouter.registry import UNKNOWN
from toolrouter.vocabulary import Code, Risk

ABSENT: Final = "absent"  # the event of a call that was not there when it was first looked for


class KeyTaken(Exception):
    """Another call of the run got this key meanwhile: what was done is undone; look at that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAgain:
    """A person's button: which call is asked again, who wants it, and what they changed of it."""

    of: ToolCall
    by_id: int
    edits: str = ""  # in words; "" where it is asked as it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was sent, by whom. ``key`` is the agent's own, where it named one that can be one."""

    credential: Credential
    run: object
    operation: object
    arguments: object
    entry: Entry | None
    key: str | None = None
    is_key_bad: bool = False
    again: AskedAgain | None = None

    def words(self) -> str:
        """Return all that was asked as one text: equal texts are the same question."""
        asked = {"operation": self.operation, "arguments": self.arguments}
        return json.dumps(asked, sort_keys=True, separators=(",", ":"), default=repr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the router made of it."""

    state: CallState
    reference: str
    codes: tuple[Code, ...] = ()
    facts: policy.Facts | None = None
    subject_ref: str = ""
    answered: Answered | None = None
    is_kept: bool = False  # the result itself, which is then references only
    again_of_id: int | None = None
    amount: Money | None = None
    approval_ref: str = ""  # of the request to a person, where it waits for one


def new_call_reference() -> str:
    """Return the reference of a call that is about to be made."""
    return new_reference("call")


def record(asked: Asked, outcome: Outcome) -> ToolCall:
    """Write the call of a run and its entry. Raises KeyTaken."""
    said, credential = asked.words(), asked.credential
    salt = new_salt()
    row = _row(asked, outcome)
    row.grant_id, row.key = credential.grant_id, asked.key
    row.run_ref, row.project_ref = credential.run_ref, credential.project_ref
    row.trace_ref = credential.trace_ref
    row.asked, row.asked_salt = said[:WORDS_CHARS_MAX], salt
    row.asked_digest = salted_digest(said, salt=salt)
    if outcome.answered:
        row.result_digest = result_digest(row, outcome.answered)
    return _inserted(row)


def result_digest(row: ToolCall, answered: Answered) -> str:
    """Return the digest of what a call returned.

    Of a read that may be somebody's words: it is under the salt of what was asked, which an erasure
    blanks.
    """
    if row.risk != Risk.READ:
        return digest(answered.result)
    return salted_digest(canonical(answered.result).decode(), salt=row.asked_salt)


def record_of_no_run(asked: Asked, outcome: Outcome) -> ToolCall:
    """Write a call whose run and credential disagree: it belongs to neither, and keeps no words."""
    row = _row(asked, outcome)
    row.asked_digest = salted_digest(asked.words(), salt=new_salt())
    return _inserted(row)


def _row(asked: Asked, outcome: Outcome) -> ToolCall:
    entry, now, answered = asked.entry, asked.credential.now, outcome.answered
    return ToolCall(
        reference=outcome.reference,
        credential_ref=asked.credential.token_ref,
        mode=asked.credential.mode,
        operation=entry.stored_name if entry else UNKNOWN,
        risk=entry.risk if entry else "",
        subject_ref=outcome.subject_ref,
        state=outcome.state,
        codes=[str(code) for code in outcome.codes],
        policy_version=policy.VERSION,
        facts=outcome.facts.stored() if outcome.facts else None,
        result=dict(answered.result) if answered and outcome.is_kept else None,
        result_refs=list(answered.refs) if answered else [],
        again_of_id=outcome.again_of_id,
        again_by_id=asked.again.by_id if asked.again else None,
        amount_minor=outcome.amount.amount_minor if outcome.amount else None,
        currency=outcome.amount.currency if outcome.amount else "",
        approval_ref=outcome.approval_ref,
        asked_at=now,
        closed_at=now if outcome.state in CLOSED else None,
    )


def _inserted(row: ToolCall) -> ToolCall:
    if not insert_once(row):
        raise KeyTaken(row.key)
    enter(row, row.state, at=row.asked_at)
    return row


def enter(row: ToolCall, event: str, *, at: datetime) -> None:
    """Append the entry that says when a call came to a state, or was looked for in vain."""
    refs = [row.run_ref or row.credential_ref, row.subject_ref, row.approval_ref]
    if row.again_by_id and row.again_of:
        refs.append(row.again_of.reference)
    ledger.record(
        key=f"call.{event}:{row.reference}",
        kind=EntryKind.TOOL,
        event=f"call.{event}",
        subject=row.reference,
        refs=[ref for ref in refs if ref],
        facts=_facts(row, event),
        mode=row.mode,
        trace_ref=row.trace_ref,
        occurred_at=at,
        now=at,
    )


def _facts(row: ToolCall, event: str) -> dict[str, FactValue]:
    facts: dict[str, FactValue] = {
        "operation": row.operation,
        "policy": row.policy_version,
        "codes": len(row.codes),
        "row": call_digest(row, event),
    }
    if row.codes:
        facts["code"] = row.codes[0]
    if row.again_by_id:
        facts["actor"] = f"user:{row.again_by_id}"
    if row.amount_minor is not None:
        facts |= {"amount_minor": row.amount_minor, "currency": row.currency}
    return facts
