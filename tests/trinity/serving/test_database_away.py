"""Pages while Postgres is away: a 503 in words, and one line in the log for all of them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.trinity.serving.serving import Served, everything, served
from trinity.origins import cookie_name

NOBODY = "postgresql://trinity:wholly-unlikely-51@127.0.0.1:1/nobody"


def asked(server: Served, request: bytes) -> bytes:
    head = b"%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" % request.split(b"|")[0]
    with server.connect() as made:
        made.settimeout(60)
        made.sendall(head + request.partition(b"|")[2] + b"\r\n")
        return everything(made)


def test_pages_say_that_they_cannot_be_made_just_now(tmp_path: Path) -> None:
    with (
        served("web", folder=tmp_path, env={"DATABASE_URL": NOBODY}) as server,
        ThreadPoolExecutor(4) as threads,
    ):
        name = cookie_name("session", port=server.port, is_https=False)
        session = f"Cookie: {name}=0123456789abcdefghijklmnopqrstuv\r\n".encode()
        requests = [
            b"GET /console/|" + session,  # it is looked up before any view
            b"GET /accounts/login/|" + session,
            b"GET /offers/research-snapshot/",
        ]
        answers = list(threads.map(lambda request: asked(server, request), requests))
        said = server.log.read_text()

    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 503 "), said
        assert re.search(rb"(?i)\r\nretry-after: 30\r\n", answer)
        assert b"<h1>We cannot do this just now</h1>" in answer
        assert b"Nothing was changed, and nothing was charged." in answer
        assert b"wholly-unlikely" not in answer
        assert b"127.0.0.1:1/" not in answer
    assert "Traceback" not in said
    assert "request_failed" not in said
    assert "wholly-unlikely" not in said
