"""What came over a connection, read and judged before it costs anybody anything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

BODY_BYTES_MAX: Final = 1024 * 1024  # no page takes files
PATH_BYTES_MAX: Final = 1024
QUERY_BYTES_MAX: Final = 8 * 1024
PLAIN: Final = (b"content-type", b"text/plain; charset=utf-8")
VERSIONS: Final = frozenset({"1.0", "1.1"})
ONCE: Final = frozenset({b"host", b"content-length", b"content-type", b"transfer-encoding"})

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Refused(Exception):
    """A request that is answered with ``status`` and nothing else."""

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
    if scope["http_version"] != "1.0" and b"host" not in names:
        raise Refused(400)
    if scope["http_version"] not in VERSIONS:
        raise Refused(505)
    coding = dict(scope["headers"]).get(b"transfer-encoding", b"chunked")
    if coding.strip().lower() != b"chunked":
        raise Refused(501)


def judged(application: Application) -> Application:
    """Return ``application`` behind ``judge``; what either refuses is answered with a status."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            judge(scope)
            await application(scope, receive, send)
        except Refused as refused:
            later = [(b"retry-after", b"2")] if refused.status == 503 else []
            await answer(send, refused.status, headers=[PLAIN, *later])
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
