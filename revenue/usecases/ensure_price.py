"""Stripe's Product and Price of an offer version, made once per mode."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from kernel.modes import Mode
from revenue.models import Offer, OfferPrice
from revenue.ports import GatewayRefused, GatewayUnknown, PaymentGateway

PRODUCT_EXISTS: Final = "resource_already_exists"
NAME_CHARS_MAX: Final = 250  # https://docs.stripe.com/api/products/create


def ensure_price(
    *, offer: Offer, mode: Mode | str, gateway: PaymentGateway, now: datetime
) -> OfferPrice:
    """Return the ready price of ``offer`` in ``mode``, making Product and Price where missing.

    The row is committed before the first call, and each answer right after it, so whoever comes
    next goes on from there. Safe to repeat and to run at the same time: keys, the product's id and
    the price's lookup key all follow from the offer's own reference. Raises the gateway's errors;
    the offer then has no ready price yet, and nothing is half sold.
    """
    price = _row(offer=offer, mode=Mode(mode), now=now)
    if price.ready_at is not None:
        return price
    name = f"{offer.reference}:{price.mode}"
    if not price.stripe_product_id:
        product_id = _make_product(offer, price, name=name, gateway=gateway, now=now)
        _keep(price, "stripe_product_id", product_id)
    if not price.stripe_price_id:
        price_id = _make_price(offer, price, name=name, gateway=gateway, now=now)
        _keep(price, "stripe_price_id", price_id)
    OfferPrice.objects.filter(pk=price.pk, ready_at=None).update(ready_at=now)
    price.refresh_from_db()
    return price


def _row(*, offer: Offer, mode: Mode, now: datetime) -> OfferPrice:
    known = OfferPrice.objects.filter(offer=offer, mode=mode)
    found = known.first()
    if found is not None and found.ready_at is not None:
        return found
    with transaction.atomic(durable=True):  # no network below may run in somebody's transaction
        OfferPrice.objects.bulk_create(
            [OfferPrice(offer=offer, mode=mode, created_at=now)], ignore_conflicts=True
        )
    return known.get()


def _keep(price: OfferPrice, column: str, stripe_id: str) -> None:
    """Write an answer once; two callers at the same time keep the first one's."""
    OfferPrice.objects.filter(pk=price.pk, **{column: ""}).update(**{column: stripe_id})
    price.refresh_from_db()


def _make_product(
    offer: Offer, price: OfferPrice, *, name: str, gateway: PaymentGateway, now: datetime
) -> str:
    product_id = f"{offer.reference}_{price.mode}"
    parameters = {
        "id": product_id,
        "name": offer.title[:NAME_CHARS_MAX],
        "metadata": {"offer": offer.reference, "offer_version": offer.version},
    }

    def make(key: str) -> str:
        try:
            return gateway.make_product(key=key, parameters=parameters)
        except GatewayRefused as refusal:
            if refusal.code == PRODUCT_EXISTS:  # the id is ours, so the product is too
                return product_id
            raise

    return _made(make, key=f"{name}:product", find=lambda: None, now=now)


def _make_price(
    offer: Offer, price: OfferPrice, *, name: str, gateway: PaymentGateway, now: datetime
) -> str:
    parameters: dict[str, Any] = {
        "product": price.stripe_product_id,
        "currency": offer.currency.lower(),
        "unit_amount": offer.amount_minor,
        "lookup_key": name,
        "metadata": {"offer": offer.reference, "offer_version": offer.version},
    }

    def find() -> str | None:
        return gateway.find_price(lookup_key=name)

    def make(key: str) -> str:
        try:
            return gateway.make_price(key=key, parameters=parameters)
        except GatewayRefused:
            if found := find():  # somebody made it meanwhile: a lookup key names one price
                return found
            raise

    # An earlier answer may have been lost so long ago that Stripe has forgotten our key.
    return find() or _made(make, key=f"{name}:price", find=find, now=now)


def _made(
    make: Callable[[str], str], *, key: str, find: Callable[[], str | None], now: datetime
) -> str:
    """Make a thing under ``key``; after a 5xx look it up before anything is repeated.

    Stripe keeps a 5xx under its key for a day, so the repetition needs a key of its own: one per
    hour. What the lost answer had made is found by ``find``, or by its id.
    """
    try:
        return make(key)
    except GatewayUnknown as unknown:
        if unknown.is_replayable:
            raise
    return find() or make(f"{key}:{now:%Y%m%d%H}")
