"""Counters that a page may raise: in Redis, and taken from there by a sweep.

A page writes nothing to the database for a view; what Redis loses is lost. Names are ours.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from redis import Redis
from redis.exceptions import RedisError, ResponseError

from kernel.limits import connections_to

logger = logging.getLogger(__name__)


def count_up(counter: str, name: str) -> None:
    """Add one to ``name`` of ``counter``. With Redis away it is not counted."""
    try:
        _redis().hincrby(_key(counter), name, 1)
    except RedisError as error:
        logger.warning("not counted", extra={"what": counter, "error": type(error).__name__})


def take_counts(counter: str, keep: Callable[[Mapping[str, int]], None]) -> int:
    """Hand all counts to ``keep`` and forget them once it has returned; say how many names.

    Should ``keep`` fail, the next sweep hands the same counts over again. Raises RedisError.
    """
    redis, key = _redis(), _key(counter)
    taken = f"{key}:taken"
    if not redis.exists(taken):
        try:
            redis.rename(key, taken)
        except ResponseError:  # nothing was counted since
            return 0
    counts = {
        name.decode() if isinstance(name, bytes) else name: int(times)
        for name, times in redis.hgetall(taken).items()
    }
    keep(counts)
    redis.delete(taken)
    return len(counts)


def _key(counter: str) -> str:
    # Two stacks may share one Redis.
    return str(cache.make_key(f"count:{connection.settings_dict['NAME']}:{counter}"))


def _redis() -> Redis:
    return connections_to(settings.CACHES["default"]["LOCATION"])
