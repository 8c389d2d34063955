"""A load generator: keep-alive connections, prepared requests, one thread, as little as possible.

It shares two cores with what it measures, so it must cost next to nothing itself: raw sockets, one
``sendall`` and one ``recv`` per request, answers without a body.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What a run of load came to."""

    requests: int
    seconds: float
    latencies_ms: Sequence[float]
    statuses: dict[int, int]

    @property
    def per_s(self) -> float:
        return self.requests / self.seconds

    def percentile_ms(self, share: float) -> float:
        ranked = sorted(self.latencies_ms)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def request_bytes(*, host: str, path: str, body: bytes, signature: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run(*, port: int, requests: Iterator[bytes], connections: int, seconds_max: float) -> Load:
    """Send ``requests`` over ``connections`` sockets, one at a time each, until none is left."""
    selector = selectors.DefaultSelector()
    statuses: dict[int, int] = {}
    latencies: list[float] = []
    for _ in range(connections):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(sock, selectors.EVENT_READ, [0.0])
    began = time.perf_counter()
    busy = 0
    for key in list(selector.get_map().values()):
        busy += _send(key, requests)
    while busy and time.perf_counter() - began < seconds_max:
        for key, _ in selector.select(timeout=1):
            answer = key.fileobj.recv(4096)  # type: ignore[union-attr]  # registered with a socket
            latencies.append((time.perf_counter() - key.data[0]) * 1000)
            status = int(answer[9:12])
            statuses[status] = statuses.get(status, 0) + 1
            busy += _send(key, requests) - 1
    seconds = time.perf_counter() - began
    for key in list(selector.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]  # registered with a socket
    return Load(len(latencies), seconds, latencies, statuses)


def _send(key: selectors.SelectorKey, requests: Iterator[bytes]) -> int:
    request = next(requests, None)
    if request is None:
        return 0
    key.data[0] = time.perf_counter()
    key.fileobj.sendall(request)  # type: ignore[union-attr]  # registered with a socket
    return 1
