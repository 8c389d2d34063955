"""The protocol's two questions, handed on: which tools there are, and what one of them answers."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)

from kernel.given_text import clean_within
from toolrouter.mcp.calls import Calls, Shown
from toolrouter.queries.credentials import Credential
from toolrouter.queries.seats import SeatPass

logger = logging.getLogger(__name__)

NAME: Final = "trinity"
# Where the credential, which only the bearer's header says, waits for the handlers.
CREDENTIAL: Final = "trinity.credential"
BROKEN: Final = "Something went wrong here. Ask again with the same key; nothing runs twice."

Context = ServerRequestContext[Any, Any]
R = TypeVar("R")


def make_server(router: Calls, *, version: str) -> Server[dict[str, Any]]:
    """Return the protocol's server in front of ``router``."""

    async def list_tools(
        context: Context, _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=await _guarded(router.tools(_credential(context))))

    async def call_tool(context: Context, params: CallToolRequestParams) -> CallToolResult:
        answer = clean_within(
            await _guarded(router.call(_credential(context), params.name, params.arguments or {}))
        )
        # Never ``is_error``: a refusal is an answer, and three errors in a row close the whole
        # server for a minute at some clients.
        return CallToolResult(
            content=[TextContent(type="text", text=json.dumps(answer, ensure_ascii=False))],
            structured_content=answer,
        )

    return Server(
        NAME,
        version=version,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        get_tool_input_schema=_nothing_in_headers,
    )


def _nothing_in_headers(_tool: str) -> None:
    """Spare each call a listing: no argument of a tool of ours travels in a header."""


def _credential(context: Context) -> Shown:
    found = context.request.scope[CREDENTIAL] if context.request else None
    if not isinstance(found, Credential | SeatPass):
        raise TypeError("reached without a credential")
    return found


async def _guarded(answer: Awaitable[R]) -> R:
    """Return ``answer``; what breaks is written down here, and its words stay here.

    The older protocol would send an exception's text to whoever asked.
    """
    try:
        return await answer
    except Exception as error:
        logger.exception("a call broke", extra={"error": type(error).__name__})
        raise MCPError(code=INTERNAL_ERROR, message=BROKEN) from None
