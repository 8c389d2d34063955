"""What came over a connection, read and judged before it costs anybody anything."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from kernel.log_tally import Count, Tally

logger = logging.getLogger(__name__)

BODY_BYTES_MAX: Final = 1024 * 1024  # of a page that takes no file
PATH_BYTES_MAX: Final = 1024
QUERY_BYTES_MAX: Final = 8 * 1024
PLAIN: Final = (b"content-type", b"text/plain; charset=utf-8")
VERSIONS: Final = frozenset({"1.0", "1.1"})
# A name or an address of the Internet, and perhaps a port (RFC 9110, 7.2): 253 and 6 characters.
HOST: Final = re.compile(rb"(?:[A-Za-z0-9.-]{1,253}|\[[A-Fa-f0-9:.]{2,45}\])(?::[0-9]{1,5})?")
TOLD_EVERY_S: Final = 60.0
ONCE: Final = frozenset({b"host", b"content-length", b"content-type", b"transfer-encoding"})

# For whoever reads such an answer in a browser. What only programs are told needs no words.
WORDS: Final = {
    400: "We could not read this request. Nothing was changed.",
    413: "What you sent is too long. Nothing was saved, and nothing was changed.",
    414: "This address is too long. Check the link for typos.",
    503: "We are very busy. Nothing was changed. Try again in a few seconds.",
}

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Refused(Exception):
    """A request that is answered with ``status`` and at most a sentence."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Gone(Exception):
    """Whoever asked has closed the connection; there is nobody to answer."""


def judge(scope: Scope) -> None:
    """Raise Refused for a request that two servers could understand in two ways, or too long.

    What is not HTTP/1.1 at all, the parser has refused before.
    """
    if len(scope["raw_path"]) > PATH_BYTES_MAX or len(scope["query_string"]) > QUERY_BYTES_MAX:
        raise Refused(414)
    names = [name for name, _ in scope["headers"] if name in ONCE]
    if len(names) != len(set(names)):
        raise Refused(400)
    host = host_of(scope)
    if host is None and scope["http_version"] != "1.0":
        raise Refused(400)
    if host is not None and not HOST.fullmatch(host):
        raise Refused(400)
    if scope["http_version"] not in VERSIONS:
        raise Refused(505)
    coding = dict(scope["headers"]).get(b"transfer-encoding", b"chunked")
    if coding.strip().lower() != b"chunked":
        raise Refused(501)


def host_of(scope: Scope) -> bytes | None:
    """Return which host is asked, as the request says it."""
    return next((value for name, value in scope["headers"] if name == b"host"), None)


def _tell_refused(refused: Mapping[str, Count]) -> None:
    logger.warning(
        "requests refused", extra={status: each.times for status, each in refused.items()}
    )


# One line for all that strangers send, and none of their words.
_refused = Tally(_tell_refused, every_s=lambda: TOLD_EVERY_S)


def judged(application: Application) -> Application:
    """Return ``application`` behind ``judge``; what either refuses is answered in a sentence."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            judge(scope)
            await application(scope, receive, send)
        except Refused as refused:
            _refused.add(f"status_{refused.status}")
            later = [(b"retry-after", b"2")] if refused.status == 503 else []
            said = f"{WORDS[refused.status]}\n" if refused.status in WORDS else ""
            await answer(send, refused.status, body=said.encode(), headers=[PLAIN, *later])
        except Gone:
            return  # nobody is there to be answered

    return serve


async def read_body(scope: Scope, receive: Receive, *, most: int = BODY_BYTES_MAX) -> bytes:
    """Return the whole body. Raises Refused (413) or Gone, also when the body's deadline is past.

    A body that says that it is too long is not read at all, nor is its sender told to go on.
    """
    if int(dict(scope["headers"]).get(b"content-length", b"0")) > most:
        raise Refused(413)
    parts, size, has_more = [], 0, True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message["body"])
        size += len(message["body"])
        has_more = message["more_body"]
        if size > most:
            raise Refused(413)
    return b"".join(parts)


async def answer(
    send: Send, status: int, *, body: bytes = b"", headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Send a whole answer in plain text, or whatever ``headers`` say."""
    given = [*headers] or [PLAIN]
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*given, length]})
    await send({"type": "http.response.body", "body": body})
