"""A web server that misbehaves on purpose, on loopback."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MIB = 1024 * 1024


class ShadyServer:
    """Answers each path in its own bad way; ``asked`` are the paths and headers that came."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.robots = (404, b"")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                try:
                    outer._answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    """The other side had enough."""

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, to: BaseHTTPRequestHandler) -> None:
        path, _, query = to.path.partition("?")
        if path == "/robots.txt":
            _say(to, self.robots[1], status=self.robots[0])
        elif path == "/away":
            _say(to, b"", status=302, Location=query)
        else:
            ANSWERS[path](to)


def _say(to: Any, body: bytes, *, status: int = 200, **headers: str) -> None:
    to.send_response(status)
    for name, value in {"Content-Type": "text/html", **headers}.items():
        to.send_header(name.replace("_", "-"), value)
    to.end_headers()
    to.wfile.write(body)


def _drip_head(to: Any) -> None:
    to.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(200):
        to.wfile.write(b"X-A: b\r\n")
        time.sleep(0.05)


def _drip(to: Any) -> None:
    _say(to, b"<p>")
    for _ in range(200):
        to.wfile.write(b".")
        time.sleep(0.05)


def _pour(to: Any) -> None:
    _say(to, b"")
    for _ in range(64):
        to.wfile.write(b" " * (MIB // 16))


WHOLE = b"<article><h1>Whole</h1><p>" + b"All of it is here. " * 20 + b"</p></article>"
LATIN = f"<article><h1>Café</h1><p>{'Café für alle, jeden Tag. ' * 20}Schluss.</p></article>"
ANSWERS: dict[str, Callable[[Any], None]] = {
    "/whole": lambda to: _say(to, WHOLE),
    "/packed": lambda to: _say(to, gzip.compress(WHOLE), Content_Encoding="gzip"),
    "/cut": lambda to: _say(to, gzip.compress(WHOLE)[:60], Content_Encoding="gzip"),
    "/garbled": lambda to: _say(to, b"no gzip at all", Content_Encoding="gzip"),
    "/other-packing": lambda to: _say(to, WHOLE, Content_Encoding="br"),
    "/bomb": lambda to: _say(to, gzip.compress(b" " * 64 * MIB), Content_Encoding="gzip"),
    "/pour": _pour,
    "/said-to-be-large": lambda to: _say(to, b"", Content_Length=str(MIB + 1)),
    "/exactly": lambda to: _say(to, b"a" * MIB, Content_Type="text/plain"),
    "/drip": _drip,
    "/drip-head": _drip_head,
    "/pdf": lambda to: _say(to, b"%PDF-1.7", Content_Type="application/pdf"),
    "/picture": lambda to: _say(to, b"\x89PNG", Content_Type="image/png"),
    "/nothing": lambda to: _say(to, b""),
    "/gone": lambda to: _say(to, WHOLE, status=404),
    "/broken": lambda to: _say(to, WHOLE, status=503),
    "/hangs-up": lambda to: to.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
    "/no-http": lambda to: to.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "/data": lambda to: _say(to, b'{"price": 49}', Content_Type="application/json; charset=utf-8"),
    "/latin": lambda to: _say(
        to, LATIN.encode("latin-1"),
        Content_Type="text/html; charset=ISO-8859-1",
    ),
    "/unseen": lambda to: _say(
        to, "a\x00b\u200bc\u202ed e\u0301".encode(), Content_Type="text/plain; charset=nonsense"
    ),
}  # fmt: skip
