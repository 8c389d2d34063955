"""Rate limits: counted in Valkey, shared by all, open or shut when it is down."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.cache import caches
from django.test import RequestFactory

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
        allow(what="form", who="ada", limit=1, per_s=1, is_open_on_failure=False) for _ in range(2)
    ]
    assert spent == [True, False]

    caches["default"].touch("limit:form:ada", timeout=0)  # what a second of waiting would do

    assert use(limit=1)


@pytest.mark.races
def test_many_at_once_share_one_limit() -> None:
    assert sum(at_once(lambda _: use(limit=5), threads=12)) == 5


@pytest.mark.parametrize("is_open", [True, False])
def test_with_valkey_down_the_caller_decides(
    settings: Any, caplog: pytest.LogCaptureFixture, is_open: bool
) -> None:
    down = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = {"default": down}

    with caplog.at_level(logging.WARNING, logger="kernel.limits"):
        assert use(is_open=is_open) is is_open
    assert [record.getMessage() for record in caplog.records] == ["limit not counted"]


def test_a_visitors_name_is_not_their_address() -> None:
    one = RequestFactory(REMOTE_ADDR="203.0.113.7").get("/")
    two = RequestFactory(REMOTE_ADDR="203.0.113.8").get("/")

    assert visitor_key(one) == visitor_key(one)
    assert visitor_key(one) != visitor_key(two)
    assert "203" not in visitor_key(one)[:3] or len(visitor_key(one)) == 16
