"""Orders that a person has to decide about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from revenue.models import Order
from tests.factories.people import make_person
from tests.factories.revenue import CheckoutFactory, filed, session_object

Differs = Callable[..., Order]


@pytest.fixture
def operator() -> User:
    return make_person("operator")


@pytest.fixture
def differs(process: Callable[[], object]) -> Differs:
    """An order whose session took $0.90 where our checkout asked for $1.00."""

    def make(**session: Any) -> Order:
        checkout = CheckoutFactory()
        payload = session_object(checkout, **{"amount_total": 90, **session})
        filed("checkout.session.completed", payload)
        process()
        return Order.objects.get(checkout=checkout)

    return make
