"""What tests of buying share: an offer, a browser, and pressing *Pay*."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from revenue.models import Offer
from tests.factories.revenue import OfferFactory
from tests.outside import _outside, gateway, outside, pages_use_outside

SESSIONS = "/v1/checkout/sessions"

__all__ = ["_outside", "gateway", "outside", "pages_use_outside"]


@pytest.fixture
def offer() -> Offer:
    return OfferFactory(slug="snapshot")


@pytest.fixture
def buyer() -> Client:
    return Client()


def ticket_of(buyer: Client, slug: str = "snapshot") -> str:
    page = buyer.get(f"/offers/{slug}/").content.decode()
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def press_buy(buyer: Client, ticket: str, slug: str = "snapshot") -> Any:
    return buyer.post(f"/offers/{slug}/buy/", {"ticket": ticket})


def now() -> datetime:
    return datetime.now(UTC)


def later(minutes: float) -> Any:
    return lambda: now() + timedelta(minutes=minutes)
