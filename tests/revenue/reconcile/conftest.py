"""The sandbox with nobody at the webhook's door, so that only reconciling brings news."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kernel.references import new_reference
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.models import CheckoutSession, Offer, ReconcileRun
from revenue.usecases.open_checkout import buy
from revenue.usecases.reconcile import reconcile
from tests.factories.revenue import OfferFactory
from tests.outside import _outside, gateway, outside
from tests.sandbox.running_sandbox import RunningSandbox

__all__ = ["_outside", "gateway", "outside"]

Sell = Callable[..., CheckoutSession]
Run = Callable[..., ReconcileRun]


def an_hour_from_now() -> datetime:
    """The sandbox lives in real time; an hour later everything has settled."""
    return datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def offer() -> Offer:
    return OfferFactory(amount_minor=10_000)


@pytest.fixture
def sell(offer: Offer, outside: RunningSandbox, gateway: StripeGateway) -> Sell:
    """A visitor buys; ``card`` None: and leaves without paying."""

    def call(card: str | None = "4242424242424242", **more: Any) -> CheckoutSession:
        checkout = buy(
            offer=offer,
            buy_key=new_reference("buy"),
            trace_ref=new_reference("trc"),
            entry_page="/",
            gateway=gateway,
            now=datetime.now(UTC),
        )
        if card is not None:
            outside.pay(checkout.stripe_id or "", card, wait_s=0, **more)
        return checkout

    return call


@pytest.fixture
def run(gateway: StripeGateway) -> Run:
    def call(*, days: int = 2, clock: Callable[[], datetime] = an_hour_from_now) -> ReconcileRun:
        return reconcile(gateway=gateway, clock=clock, days=days)

    return call


@pytest.fixture
def without_events(outside: RunningSandbox) -> None:
    """Stripe believes that there is nobody to tell: no event is ever listed as undelivered."""
    [endpoint] = outside.ask("endpoints")["data"]
    outside.control("endpoints", id=endpoint["id"], status="disabled")


@pytest.fixture
def backdate(outside: RunningSandbox) -> Callable[..., int]:
    """Move lines of Stripe's balance ``days`` back, as if what they tell were that long ago."""

    def call(*, days: int, source: str) -> int:
        path = outside.home / "sandbox.sqlite3"
        moved = 0
        with closing(sqlite3.connect(path)) as database, database:
            rows = database.execute(
                "SELECT id, body FROM documents WHERE kind = 'balance_transaction'"
            ).fetchall()
            for key, body in rows:
                line = json.loads(body)
                if line["source"] == source:
                    line["created"] -= days * 86_400
                    database.execute(
                        "UPDATE documents SET created = ?, body = ? WHERE id = ?",
                        (line["created"], json.dumps(line), key),
                    )
                    moved += 1
        return moved

    return call
