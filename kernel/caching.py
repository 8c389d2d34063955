"""The cache in Redis, as data: whoever can write there can lie to us, and run nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from django.core.cache.backends.redis import RedisCache, RedisCacheClient

ABSENT: Final = object()
Key = str | bytes | memoryview


class JsonSerializer:
    """Values as JSON; whole numbers as they are, so that Redis can count with them.

    Django's own unpickles what it finds, and a pickle is a program.
    """

    def dumps(self, value: object) -> int | bytes:
        """Return what is stored. Raises TypeError for what JSON cannot say."""
        if type(value) is int:  # a bool is none
            return value
        return json.dumps(value, separators=(",", ":")).encode()

    def loads(self, stored: bytes) -> object:
        """Return what was stored, or ``ABSENT`` where it is no JSON."""
        try:
            return json.loads(stored)
        except (ValueError, RecursionError):
            return ABSENT


class _Client(RedisCacheClient):
    """Django's, for which what cannot be read is not there."""

    def get(self, key: Key, default: object) -> object:
        """Return the value, or ``default``."""
        value = super().get(key, ABSENT)
        return default if value is ABSENT else value

    def get_many(self, keys: Iterable[Key]) -> dict[Key, object]:
        """Return the values that are there and can be read."""
        found = super().get_many(keys)
        return {key: value for key, value in found.items() if value is not ABSENT}


class JsonRedisCache(RedisCache):
    """Django's cache on one Redis, with JSON in it."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {**params.get("OPTIONS", {}), "serializer": JsonSerializer}
        super().__init__(server, {**params, "OPTIONS": options})
        self._servers = [server]  # one address: a comma in its password divides nothing
        self._class = _Client
