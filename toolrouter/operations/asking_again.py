"""Asking again, by a person's button: the same question, decided by what holds now."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final

from approvals.queries import asked_again_as
from kernel.append_only import salted_digest
from toolrouter.answers import Answer
from toolrouter.enums import CallState
from toolrouter.models import ToolCall
from toolrouter.operations.asking import ask
from toolrouter.operations.recording import Asked, AskedAgain
from toolrouter.operations.waiting import hold_calls_of
from toolrouter.queries.credentials import credential_of_run
from toolrouter.registry import registry

NOT_OVER: Final = "It is not closed yet, so it cannot be asked again."
ERASED: Final = "Its text was erased, so it cannot be asked again."
ASKED_ALREADY: Final = "It was asked again already. Open the newer request."
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
    if not of.asked_salt or salted_digest(of.asked, salt=of.asked_salt) != of.asked_digest:
        raise CannotAskAgain(ERASED)
    hold_calls_of(of.grant_id)  # of two who press at once, the second sees the first one's
    if of.approval_ref and asked_again_as(of.approval_ref):
        raise CannotAskAgain(ASKED_ALREADY)
    words = json.loads(of.asked)
    return ask(
        Asked(
            credential=credential_of_run(of.grant_id, token_ref=of.credential_ref, now=now),
            run=None,
            operation=words["operation"],
            arguments=words["arguments"],
            entry=registry().find(words["operation"]),
            again=AskedAgain(of=of, by_id=by_id),
        )
    )
