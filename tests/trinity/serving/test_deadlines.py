"""Nobody keeps a thread, or for long a connection, for nothing."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest

from tests.trinity.serving.serving import PATIENCE_S, Served, closed_after_s, everything
from trinity.serving.connections import WRITE_S

PROMPT_S = 5.0  # less than any deadline, so that nobody was answered only because it passed
HOST = b"Host: localhost\r\n"
UNSENT = b"POST %s HTTP/1.1\r\n" + HOST + b"Content-Length: 100\r\n\r\n"


def silent(_made: socket.socket) -> None:
    """Send nothing at all."""


def half_a_head(made: socket.socket) -> None:
    made.sendall(b"GET /healthz HTTP/1.1\r\nHo")


def a_head_by_and_by(made: socket.socket) -> None:
    try:
        for letter in b"GET /healthz HTTP/1.1\r\nX-A: " + b"b" * 1000:
            made.sendall(bytes([letter]))
            time.sleep(0.2)
    except OSError:
        return  # closed, which is what this waits for


def a_body_that_never_comes(made: socket.socket) -> None:
    made.sendall(UNSENT % b"/asked")


def a_delivery_that_never_comes(made: socket.socket) -> None:
    made.sendall(UNSENT % b"/webhooks/stripe")


def a_body_by_and_by(made: socket.socket) -> None:
    made.sendall(UNSENT % b"/webhooks/stripe")
    try:
        for _ in range(100):
            made.sendall(b"x")
            time.sleep(0.2)
    except OSError:
        return


def an_idle_visitor(made: socket.socket) -> None:
    made.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
    made.recv(4096)  # idle is who has an answer; a queue of pages may be told to come again


def the_rest_of_a_refused_body(made: socket.socket) -> None:
    made.sendall(b"POST /webhooks/stripe HTTP/1.1\r\n" + HOST + b"Content-Length: 9999999\r\n\r\n")


def half_a_request_behind_a_whole_one(made: socket.socket) -> None:
    made.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n" + UNSENT % b"/webhooks/stripe")
    made.recv(4096)


WAYS_TO_WAIT = [
    half_a_request_behind_a_whole_one,
    silent,
    half_a_head,
    a_head_by_and_by,
    a_body_that_never_comes,
    a_delivery_that_never_comes,
    a_body_by_and_by,
    an_idle_visitor,
    the_rest_of_a_refused_body,
]

CROWDS = [
    silent,
    an_idle_visitor,
    a_delivery_that_never_comes,
    half_a_request_behind_a_whole_one,
]


@pytest.mark.parametrize("which", ["web", "doors"])
def test_every_way_to_wait_has_an_end(which: str, request: pytest.FixtureRequest) -> None:
    server: Served = request.getfixturevalue(which)

    def wait(way: Callable[[socket.socket], None]) -> float:
        made = server.connect()
        way(made)
        return closed_after_s(made)

    with ThreadPoolExecutor(len(WAYS_TO_WAIT)) as pool:
        took = dict(zip(WAYS_TO_WAIT, pool.map(wait, WAYS_TO_WAIT), strict=True))

    assert {way.__name__: s for way, s in took.items() if s > PATIENCE_S} == {}


def slow_readers(web: Served, count: int) -> list[socket.socket]:
    """Ask for twelve megabytes each, and read none of it."""
    made = []
    for _ in range(count):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(PATIENCE_S)
        sock.connect(("127.0.0.1", web.port))
        sock.sendall(b"GET /stream HTTP/1.1\r\n" + HOST + b"\r\n")
        web.opened.append(sock)
        made.append(sock)
    return made


def prompt(server: Served, path: str = "/healthz") -> float:
    began = time.monotonic()
    assert server.get(path)[0] == 200
    return time.monotonic() - began


def test_whoever_reads_nothing_holds_no_thread_and_is_left(web: Served) -> None:
    readers = slow_readers(web, 24)
    time.sleep(1)

    assert max(prompt(web, "/asked") for _ in range(8)) < PROMPT_S
    time.sleep(WRITE_S + 3)
    assert all(len(everything(each)) < 12 * 1024 * 1024 for each in readers)


def test_bodies_that_never_come_hold_no_thread(web: Served) -> None:
    made = [web.connect() for _ in range(24)]
    for number, each in enumerate(made):
        each.sendall(UNSENT % (b"/asked" if number % 2 else b"/webhooks/stripe"))

    assert max(prompt(web, "/asked") for _ in range(8)) < PROMPT_S
    assert all(each.fileno() > 0 for each in made)


@contextmanager
def many_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] < 8192:
        pytest.skip(f"this process may have {before[1]} files open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("which", ["web", "doors"])
@pytest.mark.parametrize(
    "way", [silent, an_idle_visitor, a_delivery_that_never_comes, half_a_request_behind_a_whole_one]
)
def test_more_connections_than_there_are_places_shut_nobody_out(
    which: str, way: Callable[[socket.socket], None], request: pytest.FixtureRequest
) -> None:
    server: Served = request.getfixturevalue(which)

    with many_files():
        crowd = []
        for _ in range(2_600):
            made = server.connect()
            crowd.append(made)
            with suppress(OSError):  # its place may have gone to a newcomer already
                way(made)
        took = [prompt(server) for _ in range(5)]
        for made in crowd:
            made.close()

    assert max(took) < PROMPT_S


def test_whoever_is_owed_an_answer_keeps_their_place(web: Served) -> None:
    with many_files():
        honest = web.connect()
        honest.sendall(b"GET /slow HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        time.sleep(0.2)
        crowd = [web.connect() for _ in range(2_600)]
        answer = everything(honest)
        for made in crowd:
            made.close()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"slow")


def test_big_bodies_under_way_cost_small_ones_nothing(web: Served) -> None:
    """Together they would hold 90 megabytes; whoever sends most loses the place."""
    for _ in range(90):
        made = web.connect()
        made.sendall(b"POST /asked HTTP/1.1\r\n" + HOST + b"Content-Length: 1048576\r\n\r\n")
        with suppress(OSError):  # its place is lost
            made.sendall(b"x" * 1_000_000)
    head = b"POST /asked HTTP/1.1\r\n" + HOST + b"Connection: close\r\nContent-Length: 5\r\n\r\n"

    assert b'"body": "small"' in web.ask(head + b"small")
