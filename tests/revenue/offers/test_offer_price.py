"""Stripe's Product and Price of an offer: made once per mode, whatever goes wrong on the way."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection

from revenue.adapters.stripe_gateway import StripeGateway
from revenue.exchanges.prices import ensure_price
from revenue.models import OfferPrice
from revenue.ports import GatewayRefused, GatewayUnknown
from revenue.queries.offers import unready_offers
from tests.factories.revenue import OfferFactory
from tests.outside import gateway_to, lose_next_answer
from tests.sandbox.running_sandbox import KEY, SECRET, RunningSandbox

pytestmark = pytest.mark.django_db


def catalogue(outside: RunningSandbox) -> tuple[list[str], list[str]]:
    stripe_v1 = outside.client()
    products = [product.id for product in stripe_v1.products.list({"limit": 100}).data]
    return products, [price.id for price in stripe_v1.prices.list({"limit": 100}).data]


def test_product_and_price_follow_from_the_offer(
    outside: RunningSandbox, gateway: StripeGateway, now: datetime
) -> None:
    offer = OfferFactory(amount_minor=1_500, currency="JPY")
    price = ensure_price(offer=offer, mode="sandbox", gateway=gateway, now=now)
    assert price.ready_at == now
    assert catalogue(outside) == ([price.stripe_product_id], [price.stripe_price_id])
    made = outside.client().prices.retrieve(price.stripe_price_id)
    assert (made.unit_amount, made.currency, made.product) == (
        1_500,
        "jpy",
        price.stripe_product_id,
    )
    assert made.metadata.to_dict() == {"offer": offer.reference, "offer_version": "1"}
    assert unready_offers(mode="sandbox") == []


def test_a_second_time_asks_nobody(
    gateway: StripeGateway, deaf_gateway: StripeGateway, now: datetime
) -> None:
    offer = OfferFactory()
    price = ensure_price(offer=offer, mode="sandbox", gateway=gateway, now=now)
    assert ensure_price(offer=offer, mode="sandbox", gateway=deaf_gateway, now=now) == price


def test_each_mode_has_a_price_of_its_own(gateway: StripeGateway, now: datetime) -> None:
    offer = OfferFactory()
    here = ensure_price(offer=offer, mode="sandbox", gateway=gateway, now=now)
    there = ensure_price(offer=offer, mode="test", gateway=gateway, now=now)
    assert here.stripe_price_id != there.stripe_price_id


def test_with_stripe_away_the_row_says_not_ready(
    deaf_gateway: StripeGateway, now: datetime
) -> None:
    offer = OfferFactory()
    with pytest.raises(GatewayUnknown):
        ensure_price(offer=offer, mode="sandbox", gateway=deaf_gateway, now=now)
    assert OfferPrice.objects.get(offer=offer).ready_at is None
    assert [each.reference for each in unready_offers(mode="sandbox")] == [offer.reference]


@pytest.mark.parametrize("path", ["/v1/products", "/v1/prices"])
@pytest.mark.parametrize(
    "fault",
    [
        {"effect": "drop"},
        {"effect": "timeout_after_success", "hang_ms": 0},
        {"effect": "status", "status": 503, "when": "before"},
    ],
    ids=["cut", "lost answer", "server error"],
)
def test_a_lost_answer_ends_at_one_product_and_one_price(
    outside: RunningSandbox, gateway: StripeGateway, now: datetime, path: str, fault: dict
) -> None:
    offer = OfferFactory()
    outside.control("faults", path=path, method="POST", count=2, **fault)
    with pytest.raises(GatewayUnknown):
        ensure_price(offer=offer, mode="sandbox", gateway=gateway, now=now)
    outside.clear_faults()
    later = now + timedelta(hours=1)
    price = ensure_price(offer=offer, mode="sandbox", gateway=gateway, now=later)
    assert price.ready_at == later
    assert catalogue(outside) == ([price.stripe_product_id], [price.stripe_price_id])


@pytest.mark.parametrize("path", ["/v1/products", "/v1/prices"])
def test_what_a_server_error_had_made_all_the_same_is_found(
    outside: RunningSandbox, gateway: StripeGateway, now: datetime, path: str
) -> None:
    offer = OfferFactory()
    outside.control(
        "faults", path=path, method="POST", effect="status", status=500, when="after", count=1
    )
    price = ensure_price(offer=offer, mode="sandbox", gateway=gateway, now=now)
    assert price.ready_at == now
    assert catalogue(outside) == ([price.stripe_product_id], [price.stripe_price_id])


def test_a_price_whose_key_stripe_has_forgotten_is_looked_up_not_made_again(
    outside: RunningSandbox, gateway: StripeGateway, now: datetime
) -> None:
    offer = OfferFactory()
    lose_next_answer(outside, "/v1/prices")
    with pytest.raises(GatewayUnknown):
        ensure_price(offer=offer, mode="sandbox", gateway=gateway, now=now)
    forget_keys(outside)

    price = ensure_price(offer=offer, mode="sandbox", gateway=gateway, now=now + timedelta(days=2))

    assert catalogue(outside)[1] == [price.stripe_price_id]


def forget_keys(outside: RunningSandbox) -> None:
    """Let a day go by, as far as idempotency keys are concerned."""
    [path] = Path(outside._environment["SANDBOX_HOME"]).glob("*.sqlite3")
    with closing(sqlite3.connect(path)) as kept, kept:
        assert kept.execute("DELETE FROM idempotency_keys").rowcount > 0


def test_a_price_that_another_made_between_looking_and_making_is_taken(
    outside: RunningSandbox, gateway: StripeGateway, now: datetime
) -> None:
    offer = OfferFactory()
    outside.client().products.create({"id": f"{offer.reference}_sandbox", "name": offer.title})
    other = outside.client().prices.create(
        {
            "product": f"{offer.reference}_sandbox",
            "currency": "usd",
            "unit_amount": offer.amount_minor,
            "lookup_key": f"{offer.reference}:sandbox",
        }
    )

    class LooksTooEarly(StripeGateway):
        """Whose first look at the prices finds none yet."""

        looks = 0

        def find_price(self, *, lookup_key: str) -> str | None:
            self.looks += 1
            return super().find_price(lookup_key=lookup_key) if self.looks > 1 else None

    early = LooksTooEarly(
        api_key=KEY, api_base=outside.base, webhook_secrets=[SECRET], timeout_s=5, retries=0
    )
    price = ensure_price(offer=offer, mode="sandbox", gateway=early, now=now)

    assert price.stripe_price_id == other.id


def test_a_refusal_is_told_and_leaves_nothing_half_ready(
    outside: RunningSandbox, gateway: StripeGateway, now: datetime
) -> None:
    offer = OfferFactory()
    outside.control("faults", path="/v1/prices", effect="status", status=402)
    with pytest.raises(GatewayRefused):
        ensure_price(offer=offer, mode="sandbox", gateway=gateway, now=now)
    assert OfferPrice.objects.get(offer=offer).ready_at is None


def test_the_database_knows_no_ready_price_without_ids(now: datetime) -> None:
    with pytest.raises(IntegrityError, match="offer_price_ready_only_if_stripe_knows_it"):
        OfferPrice.objects.create(
            offer=OfferFactory(), mode="sandbox", created_at=now, ready_at=now
        )


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_many_first_buyers_at_once_make_one_price(outside: RunningSandbox, now: datetime) -> None:
    offer = OfferFactory()
    start, prices, errors = threading.Barrier(8), set(), []

    def go() -> None:
        start.wait()
        try:
            patient = gateway_to(outside.base, retries=2)
            made = ensure_price(offer=offer, mode="sandbox", gateway=patient, now=now)
            prices.add(made.stripe_price_id)
        except GatewayUnknown as error:  # a key in use: that buyer is asked to press again
            errors.append(error.is_replayable)
        finally:
            connection.close()

    threads = [threading.Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(prices) == 1
    assert all(errors)
    assert catalogue(outside)[1] == list(prices)
