"""The sandbox, a deal that is for sale and who sells, for tests of links and checkouts."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.contrib.auth.models import User

from crm.enums import DealStage
from crm.models import Deal
from revenue.models import Offer
from tests.factories.crm import DealFactory
from tests.factories.people import make_person
from tests.factories.revenue import OfferFactory
from tests.outside import _outside, gateway, outside, pages_use_outside

__all__ = ["_outside", "gateway", "outside", "pages_use_outside"]


@pytest.fixture
def deal(now: datetime) -> Deal:
    return DealFactory(stage=DealStage.QUALIFIED, stage_since=now)


@pytest.fixture
def offer() -> Offer:
    return OfferFactory()


@pytest.fixture
def seller() -> User:
    return make_person("operator")
