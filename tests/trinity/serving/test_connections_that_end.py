"""Other protocols, half-closed connections, and what comes behind a request on its connection."""

from __future__ import annotations

import socket
import struct
import time

import pytest

from tests.trinity.serving.serving import PATIENCE_S, Served, everything, split
from trinity.serving.connections import WRITE_S

HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\n" + HOST
LAST = HEALTH + CLOSE + b"\r\n"
BROKEN = b"GET /healthz HTTP/1.1\nHost: localhost\n\n"

both = pytest.mark.parametrize("which", ["web", "doors"])


@pytest.fixture
def server(which: str, request: pytest.FixtureRequest) -> Served:
    found: Served = request.getfixturevalue(which)
    return found


@both
@pytest.mark.parametrize(
    "head",
    [
        HEALTH + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        HEALTH
        + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\n\r\n",
    ],
    ids=["websocket", "h2c"],
)
def test_what_comes_behind_a_request_for_another_protocol_is_answered(
    server: Served, head: bytes
) -> None:
    assert server.ask(head + LAST).count(b"HTTP/1.1 200 ") == 2
    assert server.ask(head + head + LAST).count(b"HTTP/1.1 200 ") == 3


@both
@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: %d\r\n\r\n%s" % (len(LAST), LAST),
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(LAST), LAST),
    ],
    ids=["length", "chunks"],
)
def test_a_body_of_a_request_for_another_protocol_is_no_request(
    server: Served, body: bytes
) -> None:
    answer = server.ask(HEALTH + b"Connection: Upgrade\r\nUpgrade: foo\r\n" + body)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


@both
def test_a_tunnel_is_refused_also_where_it_names_a_path(server: Served) -> None:
    answer = server.ask(b"CONNECT /healthz HTTP/1.1\r\n" + HOST + b"\r\n" + LAST)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


@both
@pytest.mark.parametrize("requests", [1, 3])
def test_whoever_sends_no_more_still_gets_every_answer(server: Served, requests: int) -> None:
    with server.connect() as made:
        made.sendall((HEALTH + b"\r\n") * requests)
        made.shutdown(socket.SHUT_WR)

        assert everything(made).count(b"HTTP/1.1 200 ") == requests


def test_half_a_request_behind_a_whole_one_costs_that_no_answer(web: Served) -> None:
    with web.connect() as made:
        made.sendall(
            b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n" + b"POST /asked HTTP/1.1\r\n" + HOST
        )
        made.sendall(b"Content-Length: 9\r\n\r\nhal")
        made.shutdown(socket.SHUT_WR)

        assert everything(made).endswith(b"slow")


@both
def test_what_cannot_be_read_is_refused_after_what_came_before_it(server: Served) -> None:
    answer = server.ask(HEALTH + b"\r\n" + BROKEN)

    assert split(answer)[0] == 200
    assert answer.count(b"HTTP/1.1 400 ") == 1


def test_an_answer_under_way_is_not_taken_for_that_to_the_broken_request(web: Served) -> None:
    answer = web.ask(b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n" + LAST.replace(CLOSE, b"") + BROKEN)

    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"400"]


def test_whoever_leaves_with_requests_behind_one_leaves_no_traceback(web: Served) -> None:
    before = web.log.stat().st_size
    made = web.connect()
    made.sendall((b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n") * 5)
    time.sleep(0.3)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    made.close()
    time.sleep(2)

    assert b"Traceback" not in web.log.read_bytes()[before:]


def test_nobody_who_speaks_http_1_0_is_told_to_go_on(web: Served) -> None:
    answer = web.ask(
        b"POST /asked HTTP/1.0\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
    )

    assert split(answer)[0] == 200


def test_whoever_takes_no_answer_and_asks_again_is_left(web: Served) -> None:
    """An answer is complete but unread, and the next one waits behind it."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.settimeout(PATIENCE_S)
    made.connect(("127.0.0.1", web.port))
    web.opened.append(made)
    made.sendall((b"GET /big HTTP/1.1\r\n" + HOST + b"\r\n") * 12)
    time.sleep(WRITE_S + 3)

    assert len(everything(made)) < 12_000_000
