"""The cache in Redis: what lies there is data, and never runs."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.core.cache.backends.redis import RedisSerializer
from kombu.exceptions import ContentDisallowed
from kombu.serialization import dumps, loads
from redis import Redis

RAN: list[str] = []


class Bomb:
    """What a stranger with access to Redis would leave there."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return RAN.append, ("ran",)


@pytest.fixture
def raw() -> Redis:
    RAN.clear()
    return Redis.from_url(settings.REDIS_URL)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_counts_as_absent_and_does_not_run(raw: Redis, protocol: int) -> None:
    raw.set(cache.make_key("name"), pickle.dumps(Bomb(), protocol))
    raw.set(cache.make_key("other"), RedisSerializer().dumps([1, 2]))

    found = [cache.get("name", "absent"), cache.get_many(["name", "other"]), cache.get("other")]

    assert (found, RAN) == (["absent", {}, None], [])


@pytest.mark.parametrize("stored", [b"", b"{", b"\xff\xfe", b"[" * 200_000, b"9" * 10_000])
def test_what_is_no_json_counts_as_absent(raw: Redis, stored: bytes) -> None:
    raw.set(cache.make_key("name"), stored)

    assert cache.get("name", "absent") == "absent"


@pytest.mark.parametrize("value", [[1.5, 2.25], {"a": [None, True]}, "text \N{SNOWMAN}", True, 0])
def test_what_was_set_is_got(value: object) -> None:
    cache.set("name", value)

    found = cache.get("name")

    assert (found, type(found)) == (value, type(value))


def test_a_counter_is_a_number_that_redis_counts_with(raw: Redis) -> None:
    cache.set("counter", 41)

    cache.incr("counter")

    assert (raw.get(cache.make_key("counter")), cache.get("counter")) == (b"42", 42)


def test_what_json_cannot_say_is_refused_when_it_is_set() -> None:
    with pytest.raises(TypeError):
        cache.set("name", Path("/"))


def test_a_redis_that_0_1_filled_is_not_looked_at(raw: Redis) -> None:
    raw.set(":".join(["trinity", "1", "limit:form:ada"]), 99)

    assert cache.get("limit:form:ada") is None


def test_a_worker_takes_no_pickle() -> None:
    content_type, encoding, body = dumps({"kwargs": {}}, serializer="pickle")

    with pytest.raises(ContentDisallowed):
        loads(body, content_type, encoding, accept=current_app.conf.accept_content)
    assert set(current_app.conf.accept_content) == {"json"}
    assert set(current_app.conf.result_accept_content) == {"json"}


def test_a_session_is_json() -> None:
    with pytest.raises(TypeError):
        SessionStore().encode({"name": Path("/")})
