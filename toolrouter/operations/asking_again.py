"""Asking again, by a person's button: the same question, or edited, decided by what holds now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from approvals.enums import Why
from approvals.operations import close_for, hold_pending
from approvals.queries import asked_again_as
from kernel.append_only import salted_digest
from kernel.money import Money
from toolrouter.answers import Answer
from toolrouter.enums import CallState
from toolrouter.models import ToolCall
from toolrouter.operations.asking import ask
from toolrouter.operations.recording import Asked, AskedAgain
from toolrouter.operations.settling import deny
from toolrouter.operations.waiting import hold_calls_of
from toolrouter.ports import Operation
from toolrouter.queries.credentials import credential_of_run
from toolrouter.registry import registry
from toolrouter.vocabulary import Code, Status

NOT_OVER: Final = "It is not closed yet, so it cannot be asked again."
ERASED: Final = "Its text was erased, so it cannot be asked again."
ASKED_ALREADY: Final = "It was asked again already. Open the newer request."
NOT_EDITABLE: Final = "This cannot be edited."
DECIDED: Final = "Somebody decided it meanwhile, so it cannot be edited."
UNCHANGED: Final = "Nothing was changed."
OVER: Final = (CallState.DENIED, CallState.FAILED)


class CannotAskAgain(Exception):
    """It cannot be asked again. The text says why."""


def ask_again_as(by_id: int, *, of: ToolCall, now: datetime) -> Answer:
    """Ask what ``of`` asked for, in the caller's transaction; ``by_id`` is who wants it.

    Nothing that holds for an agent alone stands against it: its token, its key, a recent refusal.
    What is denied now is written down like any other denial. Raises CannotAskAgain.
    """
    if of.state not in OVER or of.grant_id is None:
        raise CannotAskAgain(NOT_OVER)
    words = words_of(of)
    hold_calls_of(of.grant_id)  # of two who press at once, the second sees the first one's
    if of.approval_ref and asked_again_as(of.approval_ref):
        raise CannotAskAgain(ASKED_ALREADY)
    return _ask(words["arguments"], AskedAgain(of=of, by_id=by_id), now=now)


def ask_edited_as(
    by_id: int, *, name: str, of: ToolCall, changes: Mapping[str, Any], now: datetime
) -> Answer:
    """Ask what ``of`` asked for with these arguments changed, as ``ask_again_as`` does.

    A request that still waits is superseded by the new one; where the new one is denied, or is
    there already, it goes on waiting. ``name`` is what people call who edits. Raises
    CannotAskAgain.
    """
    entry = registry().find(of.operation)
    if not isinstance(entry, Operation) or not changes.keys() <= entry.editable:
        raise CannotAskAgain(NOT_EDITABLE)
    before = words_of(of)["arguments"]
    changed = [each for each in sorted(changes) if changes[each] != before.get(each)]
    if not changed:
        raise CannotAskAgain(UNCHANGED)
    is_pending = _hold(of)
    again = AskedAgain(of=of, by_id=by_id, edits=_in_words(name, changed, of))
    answer = _ask({**before, **changes}, again, now=now)
    if is_pending and answer.status == Status.NEEDS_APPROVAL and not answer.codes:
        _supersede(of, answer, now=now)
    return answer


def words_of(call: ToolCall) -> dict[str, Any]:
    """Return what a call asked for: the operation and its arguments. Raises CannotAskAgain."""
    if not call.asked_salt or salted_digest(call.asked, salt=call.asked_salt) != call.asked_digest:
        raise CannotAskAgain(ERASED)
    words: dict[str, Any] = json.loads(call.asked)
    return words


def _hold(of: ToolCall) -> bool:
    """Hold what was asked, in the house's order; say whether it still waits for people.

    Raises CannotAskAgain for what is neither waiting nor over, and what was asked again already.
    """
    hold_calls_of(of.grant_id or 0)  # never 0: a call of no run has no words
    is_pending = bool(of.approval_ref) and hold_pending(of.approval_ref)
    of.refresh_from_db()
    if not is_pending and of.state not in OVER:
        raise CannotAskAgain(DECIDED)
    if of.approval_ref and asked_again_as(of.approval_ref):
        raise CannotAskAgain(ASKED_ALREADY)
    return is_pending


def _ask(arguments: object, again: AskedAgain, *, now: datetime) -> Answer:
    of = again.of
    return ask(
        Asked(
            credential=credential_of_run(of.grant_id or 0, token_ref=of.credential_ref, now=now),
            run=None,
            operation=of.operation,
            arguments=arguments,
            entry=registry().find(of.operation),
            again=again,
        )
    )


def _supersede(of: ToolCall, answer: Answer, *, now: datetime) -> None:
    close_for(of.reference, why=Why.EDITED, now=now, superseded_by=answer.approval or "")
    deny(ToolCall.objects.select_for_update(no_key=True).get(pk=of.pk), [Code.SUPERSEDED], now=now)


def _in_words(name: str, changed: list[str], of: ToolCall) -> str:
    """Return what was changed, in no word of the agent's: those stand on the first request."""
    names = ", ".join(each.removesuffix("_minor") for each in changed)
    asked = ""
    if "amount_minor" in changed and of.amount_minor is not None:
        asked = f" The agent asked for {Money(of.amount_minor, of.currency)}."
    return f"Edited by {name}: {names}.{asked}"
