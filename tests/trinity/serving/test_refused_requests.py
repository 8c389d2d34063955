"""Requests that two servers could understand in two ways, or that are too long, are refused."""

from __future__ import annotations

import socket

import pytest

from tests.trinity.serving.serving import Served, split
from trinity.doctor.serving import passes_on_the_unfinished

HOST = b"Host: localhost\r\n"
LAST = b"Connection: close\r\n"  # nobody waits until an idle connection is closed
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def status(server: Served, request: bytes) -> int:
    return split(server.ask(request))[0]


def pour(made: socket.socket, part: bytes) -> None:
    """Send far more than all buffers between us hold."""
    for _ in range(48):
        made.sendall(part * 131072)


AMBIGUOUS = {
    "bare line feeds": b"GET /healthz HTTP/1.1\nHost: localhost\nConnection: close\n\n",
    "one bare line feed": b"GET /healthz HTTP/1.1\r\nHost: localhost\nA: b\r\n\r\n",
    "bare line feed after a chunk's size": b"POST /healthz HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
    "bare line feed after a chunk": b"POST /healthz HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n",
    "bare carriage return": b"GET /healthz HTTP/1.1\r\n" + HOST + b"A: b\rC: d\r\n\r\n",
    "a folded header": b"GET /healthz HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n",
    "a space before the colon": b"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "a NUL in a header": b"GET /healthz HTTP/1.1\r\n" + HOST + b"A: b\0c\r\n\r\n",
    "two lengths": b"POST /healthz HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "two different lengths": b"POST /healthz HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
    "a list of lengths": b"POST /healthz HTTP/1.1\r\n" + HOST + b"Content-Length: 1, 1\r\n\r\na",
    "a length with a sign": b"POST /healthz HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n\r\na",
    "a length beside chunks": b"POST /healthz HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": b"POST /healthz HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\n" + HOST + HOST + LAST + b"\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n" + LAST + b"\r\n",
    "an address of elsewhere": b"GET http://evil.example/healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    "two types": b"POST /healthz HTTP/1.1\r\n"
    + HOST
    + LAST
    + b"Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 0\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "HTTP/2 by prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "HTTP/0.9": b"GET /healthz\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
@pytest.mark.parametrize("which", ["web", "doors"])
def test_what_can_be_understood_in_two_ways_is_refused(
    which: str, request_bytes: bytes, request: pytest.FixtureRequest
) -> None:
    server: Served = request.getfixturevalue(which)

    assert status(server, request_bytes) == 400


@pytest.mark.parametrize("version", [b"0.9", b"2.0"])
@pytest.mark.parametrize("which", ["web", "doors"])
def test_other_versions_in_the_words_of_ours_are_not_spoken(
    which: str, version: bytes, request: pytest.FixtureRequest
) -> None:
    server: Served = request.getfixturevalue(which)

    assert status(server, b"GET /healthz HTTP/" + version + b"\r\n" + HOST + b"\r\n") == 505


ENDLESS = {
    "trailers": (b"0\r\n", b"A: b\r\n"),
    "one long trailer": (b"0\r\nA: ", b"bbbbbbbb"),
    "chunks of one byte": (b"", b"1\r\na\r\n"),
    "an extension of a chunk": (b"1;", b"a=bbbbbb"),
}


@pytest.mark.parametrize(("first", "part"), ENDLESS.values(), ids=ENDLESS.keys())
@pytest.mark.parametrize("which", ["web", "doors"])
def test_what_is_no_body_has_an_end_too(
    which: str, first: bytes, part: bytes, request: pytest.FixtureRequest
) -> None:
    server: Served = request.getfixturevalue(which)
    with server.connect() as made:
        made.sendall(b"POST /webhooks/stripe HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n" + first)

        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            pour(made, part)


def test_empty_lines_between_requests_have_an_end_too(doors: Served) -> None:
    with doors.connect() as made:
        made.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
        made.recv(65536)

        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            pour(made, b"\r\n" * 4)


def test_a_coding_besides_chunks_is_not_known(web: Served) -> None:
    head = b"POST /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n"

    assert status(web, head + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n") == 501


@pytest.mark.parametrize("which", ["web", "doors"])
def test_a_long_path_or_query_is_refused(which: str, request: pytest.FixtureRequest) -> None:
    server: Served = request.getfixturevalue(which)

    assert server.get("/" + "a" * 1024)[0] == 414
    assert server.get("/" + "%61" * 400)[0] == 414
    assert server.get("/healthz?" + "a" * 8193)[0] == 414
    assert server.get("/healthz?" + "a" * 8192)[0] == 200


@pytest.mark.parametrize("which", ["web", "doors"])
def test_whoever_is_refused_reads_why(which: str, request: pytest.FixtureRequest) -> None:
    server: Served = request.getfixturevalue(which)
    long = b"POST /webhooks/stripe HTTP/1.1\r\n" + HOST + b"Content-Length: 1048577\r\n\r\n"

    assert server.get("/" + "a" * 1024) == (
        414,
        b"This address is too long. Check the link for typos.\n",
    )
    assert split(server.ask(b"GET /healthz HTTP/1.1\r\n" + HOST + HOST + LAST + b"\r\n")) == (
        400,
        b"We could not read this request. Nothing was changed.\n",
    )
    assert split(server.ask(long)) == (
        413,
        b"What you sent is too long. Nothing was saved, and nothing was changed.\n",
    )


def test_a_long_head_is_refused(web: Served) -> None:
    head = b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n"

    assert status(web, head + b"A: " + b"b" * 31_000 + b"\r\n\r\n") == 200
    assert status(web, head + b"A: " + b"b" * 700_000) in {0, 400}  # 0: reset while it was sent
    assert status(web, head + b"A: b\r\n" * 200_000) in {0, 400}


def test_a_long_body_is_refused_before_it_is_sent(web: Served, doors: Served) -> None:
    for server, path in (
        (web, b"/asked"),
        (web, b"/webhooks/stripe"),
        (doors, b"/webhooks/stripe"),
    ):
        made = server.connect()
        made.sendall(
            b"POST %s HTTP/1.1\r\n%sContent-Length: 1048577\r\nExpect: 100-continue\r\n\r\n"
            % (path, HOST)
        )
        assert made.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_long_body_in_chunks_is_refused(web: Served) -> None:
    made = web.connect()
    made.sendall(b"POST /asked HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(5):
        made.sendall(b"40000\r\n" + b"x" * 0x40000 + b"\r\n")

    assert made.recv(100).startswith(b"HTTP/1.1 413 ")


def test_an_early_refusal_costs_the_next_request_nothing(web: Served) -> None:
    """The rest of a refused body is thrown away, never read as a request."""
    made = web.connect()
    body = b"GET /asked/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    made.sendall(
        b"POST /%s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n" % (b"a" * 2000, HOST, len(body))
    )
    assert made.recv(65536).startswith(b"HTTP/1.1 414 ")
    made.sendall(body + b"GET /asked/2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    answer = b""
    while part := made.recv(65536):
        answer += part
    assert answer.count(b"HTTP/1.1") == 1 + answer.count(b'"SERVER_PROTOCOL": "HTTP/1.1"')
    assert b'"path": "/asked/2"' in answer
    assert b"smuggled" not in answer


def test_the_doctor_sees_that_nothing_stands_in_front(web: Served) -> None:
    assert passes_on_the_unfinished(f"http://localhost:{web.port}")
