"""What stands behind the protocol: each tool is one call of the router, in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from mcp_types import Tool

from toolrouter.answers import Answer
from toolrouter.mcp.threads import Threads
from toolrouter.mcp.tools import (
    GET_ACTION,
    LIST_CAPABILITIES,
    PROPOSE_ACTION,
    RUN,
    offered,
    offered_on_a_seat,
)
from toolrouter.queries.calls import answer_now
from toolrouter.queries.credentials import Credential
from toolrouter.queries.seats import SeatPass
from toolrouter.usecases.authenticate import authenticate
from toolrouter.usecases.get_action import get_action
from toolrouter.usecases.list_capabilities import list_capabilities
from toolrouter.usecases.note_listing import note_listing
from toolrouter.usecases.propose import propose
from toolrouter.usecases.read import read
from toolrouter.usecases.take_seat import take_seat
from toolrouter.vocabulary import Code, Status

FIELDS: Final[Mapping[str, frozenset[str]]] = {
    LIST_CAPABILITIES: frozenset(),
    GET_ACTION: frozenset({"action"}),
    PROPOSE_ACTION: frozenset({"operation", "arguments", "key"}),
}

PAUSES_S: Final = (0.15, 0.25, 0.4, 0.6, 0.8, 1.0)  # 3.2 s in all
Shown = Credential | SeatPass  # what a token was found to be


class Calls:
    """Answers for one process, a few calls at a time."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def credential(self, token: str) -> Shown | None:
        """Return whom ``token`` lets in; None where nobody has it. Raises DatabaseError."""
        return await self._threads.run(partial(authenticate, token))

    async def tools(self, shown: Shown) -> list[Tool]:
        """Return the tools that this run is offered, or any run is on a seat. No statement.

        But that a seat's holder listed them is noted, the first time.
        """
        if isinstance(shown, Credential):
            return list(offered(shown.kind))
        if shown.listed_at is None:
            await self._threads.run(partial(note_listing, shown))
        return list(offered_on_a_seat())

    async def call(self, shown: Shown, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return what tool ``name`` answers. One that nobody has is refused like any other.

        What a worker is at is waited for, a few seconds and in no thread.
        """
        answer = await self._threads.run(partial(_answer, shown, name, dict(arguments)))
        for pause_s in PAUSES_S:
            if answer.get("status") != Status.IN_PROGRESS or answer.get("retry_after_s") is None:
                break
            await asyncio.sleep(pause_s)
            answer = await self._threads.run(partial(_answer_now, answer["action"]))
        return answer


def _answer_now(call_ref: str) -> dict[str, Any]:
    return answer_now(call_ref).as_content()


def _answer(shown: Shown, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    run = arguments.pop(RUN, None)
    if isinstance(shown, Credential):
        return _answer_run(shown, run, name, arguments)
    operation = arguments.get("operation") if name == PROPOSE_ACTION else name
    taken = take_seat(shown, run, operation, arguments)
    if isinstance(taken, Credential):
        return _answer_run(taken, run, name, arguments)
    return taken.as_content()


def _answer_run(
    credential: Credential, run: object, name: str, arguments: dict[str, Any]
) -> dict[str, Any]:
    known = FIELDS.get(name)
    if known is None:
        return read(credential, run, name, arguments).as_content()
    if name == PROPOSE_ACTION:
        # With a field that nobody asked for, what was meant is anybody's guess.
        sent = arguments.get("arguments") if set(arguments) <= known else None
        key = arguments.get("key")
        return propose(credential, run, arguments.get("operation"), sent, key).as_content()
    if not set(arguments) <= known:
        return Answer.denied(Code.MALFORMED).as_content()
    if name == GET_ACTION:
        return get_action(credential, run, arguments.get("action")).as_content()
    return list_capabilities(credential, run)
