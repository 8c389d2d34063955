"""A sale that really was paid at the sandbox, and an owner."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from kernel.money import Money
from kernel.references import new_reference
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.models import Order, RefundRequest
from revenue.usecases.open_checkout import buy
from revenue.usecases.request_refund import request_refund
from revenue.usecases.return_from_checkout import return_from_checkout
from tests.factories.people import make_person
from tests.factories.revenue import OfferFactory
from tests.outside import _outside, gateway, outside, pages_use_outside
from tests.sandbox.running_sandbox import RunningSandbox

__all__ = ["_outside", "gateway", "outside", "pages_use_outside"]

PAID = Money(10_000, "USD")
Ask = Callable[..., RefundRequest]


@pytest.fixture
def owner() -> User:
    return make_person("owner")


@pytest.fixture
def paid_order(outside: RunningSandbox, gateway: StripeGateway) -> Order:
    """An order of $100.00, paid at the sandbox and recorded by the return page."""
    now = datetime.now(UTC)
    checkout = buy(
        offer=OfferFactory(amount_minor=PAID.amount_minor),
        buy_key=new_reference("buy"),
        trace_ref=new_reference("trc"),
        entry_page="/",
        gateway=gateway,
        now=now,
    )
    outside.pay(checkout.stripe_id or "", wait_s=0, email="ada@buyer.example")
    return_from_checkout(session_id=checkout.stripe_id or "", gateway=gateway, now=now)
    return Order.objects.get(checkout=checkout)


@pytest.fixture
def ask(paid_order: Order, owner: User, gateway: StripeGateway) -> Ask:
    """Ask for a refund as the page does."""

    def call(amount_minor: int = 3_000, **changes: Any) -> RefundRequest:
        asked = {
            "order_ref": paid_order.reference,
            "request_ref": new_reference("rfq"),
            "amount": Money(amount_minor, "USD"),
            "seen": PAID,
            "reason": "the buyer changed their mind",
            "actor_id": owner.pk,
            "gateway": gateway,
            "now": datetime.now(UTC),
        }
        return request_refund(**(asked | changes))

    return call
