"""An owner who may say yes, an operator who buys, and an agent that asks."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.factories.people import make_person
from tests.toolrouter.purchases.shopping import Shopper, a_shopper
from toolrouter.models import Purchase


@pytest.fixture
def owner() -> User:
    return make_person("owner")


@pytest.fixture
def operator() -> User:
    return make_person("operator")


@pytest.fixture
def shopper(owner: User) -> Shopper:
    return a_shopper(owner)


@pytest.fixture
def purchase(shopper: Shopper) -> Purchase:
    """Something that was approved and is now to be bought by hand."""
    return shopper.handed_over()
