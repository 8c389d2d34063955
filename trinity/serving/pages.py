"""A WSGI application behind asyncio: no thread is taken before a request is whole.

Nor is one held while the other side takes its time to read the answer.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from trinity.serving.requests import Refused, Scope, Send

# So much of an answer is made at once; all of ours are shorter. What is longer is a stream.
PART_BYTES: Final = 1024 * 1024
WAITING_MAX: Final = 256  # requests for a thread; one more is told to come again
BODILESS: Final = frozenset({204, 304})
# Names that would mean something else to a program, or arrive otherwise.
NOT_PASSED_ON: Final = frozenset({b"proxy", b"transfer-encoding", b"content-length"})

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass(slots=True)
class Answer:
    """What the application said, and the rest of what it says."""

    status: int = 500
    headers: list[tuple[str, str]] | None = None
    rest: Iterator[bytes] | None = None
    source: Any = None

    def start(
        self, status: str, headers: list[tuple[str, str]], _exc_info: object = None
    ) -> Callable[[bytes], object]:
        """PEP 3333's ``start_response``. Its ``write`` is for applications older than ours."""
        self.status, self.headers = int(status[:3]), headers
        return _write

    def part(self) -> tuple[bytes, bool]:
        """Return the next PART_BYTES or so, and whether that was all of it."""
        parts, size, rest = [], 0, self.rest
        try:
            for each in rest or ():
                parts.append(each)
                size += len(each)
                if size >= PART_BYTES:
                    return b"".join(parts), False
        except BaseException:
            self.close()
            raise
        self.close()
        return b"".join(parts), True

    def close(self) -> None:
        """Tell the application that its answer is done with, once."""
        source, self.source = self.source, None
        if hasattr(source, "close"):
            source.close()


class Pages:
    """Runs ``application`` in at most ``threads`` threads; WAITING_MAX may wait for one."""

    def __init__(self, application: Application, *, threads: int) -> None:
        self._application = application
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="page")
        self._inside = 0
        self._inside_max = threads + WAITING_MAX

    async def answer(self, scope: Scope, body: bytes, send: Send) -> None:
        """Answer one whole request. Raises Refused when too many wait."""
        if self._inside >= self._inside_max:
            raise Refused(503)
        loop = asyncio.get_running_loop()
        answer = Answer()
        self._inside += 1
        try:
            made, is_all = await loop.run_in_executor(
                self._pool, self._begin, environ_of(scope, body), answer
            )
        finally:
            self._inside -= 1
        headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in answer.headers or ()]
        has_length = any(name.lower() == b"content-length" for name, _ in headers)
        if is_all and not has_length and answer.status not in BODILESS:
            headers.append((b"content-length", str(len(made)).encode()))
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": made, "more_body": not is_all})
            while not is_all:
                made, is_all = await loop.run_in_executor(self._pool, answer.part)
                await send({"type": "http.response.body", "body": made, "more_body": not is_all})
        finally:
            if answer.source is not None:  # somebody left, or something broke, in the middle
                await loop.run_in_executor(self._pool, answer.close)

    def _begin(self, environ: Environ, answer: Answer) -> tuple[bytes, bool]:
        answer.source = self._application(environ, answer.start)
        answer.rest = iter(answer.source)
        return answer.part()


def environ_of(scope: Scope, body: bytes) -> Environ:
    """Return PEP 3333's dictionary: what the request says, what this server says, no more.

    The process's own environment is none of it. A header whose name has an underscore could pass
    for one with a dash, which a proxy of ours wrote: it is left out.
    """
    host, port = scope["server"] or ("", "")
    client = scope["client"] or ("", "")
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name or raw_name in NOT_PASSED_ON:
            continue
        name = raw_name.decode("ascii").upper().replace("-", "_")
        key = name if name == "CONTENT_TYPE" else f"HTTP_{name}"
        value = raw_value.decode("latin-1")
        if key in environ:
            value = f"{environ[key]}{'; ' if name == 'COOKIE' else ','}{value}"
        environ[key] = value
    return environ


def _write(_text: bytes) -> None:
    raise NotImplementedError("an answer is what the application returns")
