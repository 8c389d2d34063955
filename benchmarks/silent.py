"""Sockets that say nothing, and half-sent requests: what everybody else waits meanwhile.

Needs a private stack. Whoever holds sockets is a process of its own, so that it costs the one
that measures nothing but its share of the machine.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Any, Final
from urllib.parse import urlsplit

from trinity.stack.private import Stack

SILENT: Final = 2_500
HALF_SENT: Final = 24
PAGES: Final = ("/", "/accounts/login/", "/order-link/")
PAGE_THREADS: Final = 8
LOOKS: Final = 20


@contextmanager
def holding(stack: Stack, *, silent: int = 0, with_pages: bool = True) -> Iterator[None]:
    """Let another process hold half-sent and silent sockets, and web busy with pages."""
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    origins = (stack.base_url, stack.doors_url)
    holder = context.Process(target=_hold, args=(origins, silent, with_pages, ready, done))
    holder.start()
    try:
        if not ready.wait(60):
            raise RuntimeError("the sockets were not open in a minute")
        yield
    finally:
        done.set()
        holder.join(30)
        holder.kill()


def _hold(
    origins: tuple[str, str], silent: int, with_pages: bool, ready: Event, done: Event
) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    held: list[socket.socket] = []
    for origin in origins:
        held += [_connected(origin) for _ in range(silent)]
        held += [_half_sent(origin) for _ in range(HALF_SENT)]
    if with_pages:
        for _ in range(PAGE_THREADS):
            threading.Thread(target=_ask_pages, args=(origins[0], done), daemon=True).start()
    ready.set()
    while not done.wait(1):  # what was closed is opened anew, as whoever means it would
        for number, made in enumerate(held):
            if _is_closed(made):
                made.close()
                held[number] = _connected(origins[number * 2 // len(held)])


def _connected(origin: str) -> socket.socket:
    parts = urlsplit(origin)
    return socket.create_connection((parts.hostname or "", parts.port or 80), timeout=30)


def _half_sent(origin: str) -> socket.socket:
    made = _connected(origin)
    with contextlib.suppress(OSError):
        made.sendall(
            b"POST /webhooks/stripe HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n"
        )
    return made


def _is_closed(made: socket.socket) -> bool:
    made.setblocking(False)
    try:
        return made.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _ask_pages(origin: str, done: Event) -> None:
    while not done.is_set():
        for page in PAGES:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(origin + page, timeout=30).read()  # noqa: S310  # our own stack


def slowest_s(ask: Callable[[], Any]) -> float:
    """The longest of LOOKS answers."""
    took = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return max(took)


def run(context: Any) -> dict[str, float]:
    stack: Stack = context.stack

    def page(path: str, origin: str = stack.base_url) -> Callable[[], Any]:
        return lambda: urllib.request.urlopen(origin + path, timeout=30).read()  # noqa: S310  # our own stack

    def door(origin: str) -> Callable[[], Any]:
        return lambda: _refused(origin)

    with holding(stack, silent=SILENT, with_pages=False):
        return {
            "silent_healthz_s": slowest_s(page("/healthz")),
            "silent_page_s": slowest_s(page("/")),
            "silent_web_door_s": slowest_s(door(stack.base_url)),
            "silent_doors_s": slowest_s(door(stack.doors_url)),
        }


def _refused(origin: str) -> None:
    """Send one forged delivery over a connection of its own; only a whole answer will do."""
    with _connected(origin) as made:
        made.sendall(
            b"POST /webhooks/stripe HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
        )
        if not made.recv(4096).startswith(b"HTTP/1.1 400 "):
            raise RuntimeError("the door did not answer as it should")
