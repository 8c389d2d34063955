"""Counters of what strangers cause, hour by hour: in Redis until a sweep writes them down.

One word to Redis each, whoever it is about and however often: no row and no line of a log that a
stranger could multiply, and no answer that takes longer because an address is known. Redis may
lose them; nobody's access depends on them.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.cache import cache
from redis import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

LIMIT: Final = "limit"  # the kind of what ``kernel.limits`` refused
LIVES: Final = timedelta(hours=25)  # while no sweep runs
TIMES_MAX: Final = 1_000_000  # "that many, or more"

Tally = Mapping[tuple[str, str], int]


def hour_of(moment: datetime) -> datetime:
    """Return the beginning of its hour, UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def door_of(name: str) -> str:
    """Return how a door of ours is called where it is counted: ``door:order_refund``."""
    word = "".join(each if each.isalnum() else "_" for each in name.lower())
    return f"door:{word[:40]}"


def count(kind: str, whose: str, *, now: datetime) -> None:
    """Count one ``kind`` about ``whose``, both of them words of ours. Never fails its caller."""
    key = _key(hour_of(now))
    try:
        with _redis().pipeline() as both:
            both.hincrby(key, f"{kind} {whose}")
            both.expire(key, LIVES)
            both.execute()
    except RedisError as error:
        logger.warning("not counted", extra={"kind": kind, "error": type(error).__name__})


def counted(hour: datetime) -> Tally:
    """Return how often each happened in this hour. Raises RedisError."""
    found = _redis().hgetall(_key(hour))
    read: dict[tuple[str, str], int] = {}
    for name, times in found.items():
        kind, _, whose = str(name).partition(" ")
        if str(times).isdecimal() and len(times) <= 18:
            read[kind, whose] = min(int(times), TIMES_MAX)
    return read


def _key(hour: datetime) -> str:
    return str(cache.make_key(f"tally:{hour:%Y%m%dT%H}"))


def _redis() -> Redis:
    configured = settings.CACHES["default"]
    options = {**configured["OPTIONS"], "decode_responses": True, "encoding_errors": "replace"}
    return _connected(configured["LOCATION"], tuple(sorted(options.items())))


@functools.cache
def _connected(location: str, options: tuple[tuple[str, object], ...]) -> Redis:
    return Redis.from_url(location, **dict(options))
