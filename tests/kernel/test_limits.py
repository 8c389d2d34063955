"""Rate limits: counted in Valkey, shared by all, open or shut when it is down."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import RequestFactory
from redis import Redis
from redis.exceptions import RedisError

from kernel.limits import allow, visitor_key
from tests.kernel.conftest import at_once


def use(who: str = "ada", *, limit: int = 3, is_open: bool = True) -> bool:
    return allow(what="form", who=who, limit=limit, per_s=60, is_open_on_failure=is_open)


def test_a_limit_lets_so_many_through_and_no_more() -> None:
    assert [use() for _ in range(5)] == [True, True, True, False, False]


def test_everybody_has_a_limit_of_their_own() -> None:
    assert [use(limit=1), use(limit=1), use("bob", limit=1)] == [True, False, True]


def test_a_window_ends() -> None:
    spent = [
        allow(what="form", who="ada", limit=1, per_s=60, is_open_on_failure=False) for _ in range(2)
    ]
    assert spent == [True, False]

    caches["default"].touch("limit:form:ada", timeout=0)  # what a second of waiting would do

    assert use(limit=1)


def test_a_limit_ends_also_when_its_window_ran_out_while_it_was_counted() -> None:
    """A key without an end would shut somebody out for good."""
    use()
    caches["default"].touch("limit:form:ada", timeout=None)

    use()

    assert (
        0
        < Redis.from_url(settings.REDIS_URL).ttl(caches["default"].make_key("limit:form:ada"))
        <= 60
    )


@pytest.mark.races
def test_many_at_once_share_one_limit() -> None:
    assert sum(at_once(lambda _: use(limit=5), threads=12)) == 5


def test_with_valkey_down_the_caller_decides(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    down = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = {"default": down}

    with caplog.at_level(logging.WARNING, logger="kernel.limits"):
        assert use(is_open=True)
        with pytest.raises(RedisError):
            use(is_open=False)
    assert [record.getMessage() for record in caplog.records] == ["limit not counted"] * 2


def test_a_visitors_name_is_not_their_address() -> None:
    one = RequestFactory(REMOTE_ADDR="203.0.113.7").get("/")
    two = RequestFactory(REMOTE_ADDR="203.0.113.8").get("/")

    assert visitor_key(one) == visitor_key(one)
    assert visitor_key(one) != visitor_key(two)
    assert "203" not in visitor_key(one)[:3] or len(visitor_key(one)) == 16


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("", "unix:", False),
    ],
)
def test_a_household_is_one_visitor(one: str, other: str, is_same: bool) -> None:
    keys = {visitor_key(RequestFactory(REMOTE_ADDR=address).get("/")) for address in (one, other)}

    assert len(keys) == (1 if is_same else 2)
