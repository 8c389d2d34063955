"""An agent that spends, and the operation that it spends by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from ledger import facts
from tests.factories.people import make_person
from tests.toolrouter.spending.buying import Buyer, Buying, a_buyer
from toolrouter.registry import registry


@pytest.fixture(autouse=True)
def _can_buy(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Register the operation for the test."""
    settings.TOOLS = [*settings.TOOLS, "tests.toolrouter.spending.buying.OPERATIONS"]
    registry.cache_clear()
    names = facts.one_of(registry().stored_names())
    monkeypatch.setitem(facts._allowed["tool"], "operation", names)
    monkeypatch.setattr(Buying, "refuses", False)
    monkeypatch.setattr(Buying, "hangs", False)
    yield
    registry.cache_clear()


@pytest.fixture
def owner() -> User:
    return make_person("owner")


@pytest.fixture
def buyer(owner: User) -> Buyer:
    return a_buyer(owner)
