"""What Redis is asked before anything depends on it."""

from __future__ import annotations

from typing import Final

from redis import Redis

PROBE: Final = "trinity-probe"
PROBE_LIVES_S: Final = 10


def take_a_write(url: str, *, timeout_s: float) -> None:
    """Write a word that is soon gone: one that is full, or a copy, answers PING and takes none.

    Raises redis' ResponseError where it answers and refuses, another RedisError where it is away.
    """
    with Redis.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s) as client:
        client.set(PROBE, 1, ex=PROBE_LIVES_S)
