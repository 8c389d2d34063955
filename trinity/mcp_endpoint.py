"""``POST /mcp`` over ASGI: who asks, and whether the body can be read in one way only.

What gets past here the SDK answers, in either era of the protocol (2025-11-25 and 2026-07-28,
chosen by a header).
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from django.db import DatabaseError
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

from toolrouter.mcp.server import CREDENTIAL
from toolrouter.mcp.strict_json import NotStrict, read
from trinity.serving.requests import Receive, Refused, Scope, Send, answer, read_body
from trinity.serving.strangers import Strangers

logger = logging.getLogger(__name__)

PATH: Final = "/mcp"
BODY_BYTES_MAX: Final = 256 * 1024
BEARER: Final = b"bearer "
TOKEN_BYTES_MAX: Final = 200
PARSE_ERROR: Final = -32700
JSON: Final = (b"content-type", b"application/json")

FindCredential = Callable[[str], Awaitable[object | None]]


class McpEndpoint:
    """One endpoint, without sessions: each request stands for itself, whichever worker gets it."""

    def __init__(
        self, sessions: StreamableHTTPSessionManager, *, find: FindCredential, inside_max: int
    ) -> None:
        self._sessions = sessions
        self._find = find
        self._inside = 0
        self._inside_max = inside_max
        self._strangers = Strangers(time.monotonic)

    async def take(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises Refused or Gone."""
        if scope["method"] != "POST":  # a GET of the older era is a stream that never ends
            await answer(send, 405, headers=[(b"allow", b"POST"), (b"content-type", b"text/plain")])
            return
        body = await read_body(scope, receive, most=BODY_BYTES_MAX)
        if self._inside >= self._inside_max:
            raise Refused(503)
        self._inside += 1
        try:
            await self._answer(scope, body, receive, send)
        finally:
            self._inside -= 1

    async def _answer(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        token, address = token_of(scope), (scope.get("client") or ("",))[0]
        wait_s = self._strangers.wait_s(address, token)
        if wait_s is not None:
            await answer(send, 429, headers=[(b"retry-after", str(wait_s).encode())])
            return
        try:
            credential = await self._find(token) if token else None
        except DatabaseError as error:
            logger.warning("a token could not be looked up", extra={"error": type(error).__name__})
            raise Refused(503) from None
        self._strangers.note(address, token, is_known=credential is not None)
        if credential is None:
            await answer(send, 401, headers=[(b"www-authenticate", b"Bearer")])
            return
        try:
            read(body)
        except NotStrict as reason:
            await answer(send, 400, body=_parse_error(str(reason)), headers=[JSON])
            return
        passed_on = {**scope, CREDENTIAL: credential}
        await self._sessions.handle_request(passed_on, _again(body, receive), send)  # type: ignore[arg-type]  # the SDK: any mapping


def sessions_of(server: Server[dict[str, Any]]) -> StreamableHTTPSessionManager:
    """Return the SDK's transport: answers in JSON, nothing kept between two requests.

    It checks no host: ours is asked about before (``judged``, ``is_for_us``), without a log line
    that repeats a stranger's words.
    """
    return StreamableHTTPSessionManager(
        server,
        json_response=True,
        stateless=True,
        max_request_body_size=BODY_BYTES_MAX,
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )


def token_of(scope: Scope) -> str:
    """Return the bearer's token (RFC 6750, 2.1), or nothing. Two such headers say nothing."""
    said = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(said) != 1 or not said[0].lower().startswith(BEARER):
        return ""
    token = said[0][len(BEARER) :].strip()
    is_one = token.isascii() and 0 < len(token) <= TOKEN_BYTES_MAX and b" " not in token
    return token.decode("ascii") if is_one else ""


def _parse_error(why: str) -> bytes:
    error = {"code": PARSE_ERROR, "message": f"The body cannot be read: {why}."}
    return json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that says the whole body once more, then what comes after it."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def say() -> dict[str, Any]:
        return waiting.pop() if waiting else await receive()

    return say
