"""Stripe's Product and Price of an offer version: made once per mode, asked about, made anew."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from kernel.exchanges import Clock
from kernel.modes import Mode
from kernel.transitions import LostRace
from revenue.models import CheckoutSession, Offer, OfferPrice, PaymentLink
from revenue.operations.alerts import raise_checkout_refused, raise_links_on_old_price
from revenue.ports import GatewayError, GatewayRefused, GatewayUnknown, PaymentGateway
from revenue.queries.offers import links_on_old_prices, prices_to_look_after

logger = logging.getLogger(__name__)

PRODUCT_EXISTS: Final = "resource_already_exists"
MADE_ANEW: Final = "price_made_anew"  # each time that we made it
MAKINGS_MAX: Final = 3  # within one call, where others make it anew meanwhile
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
    for _ in range(MAKINGS_MAX):
        price = _row(offer=offer, mode=Mode(mode), now=now)
        if price.ready_at is not None:
            return price
        with suppress(LostRace):  # Stripe sells at it no more, and somebody makes it anew
            _make_ready(offer, price, gateway=gateway, now=now)
            return price
    raise GatewayUnknown(MADE_ANEW, is_replayable=True)


def _make_ready(offer: Offer, price: OfferPrice, *, gateway: PaymentGateway, now: datetime) -> None:
    """Make what is missing at Stripe. Raises LostRace, and the gateway's errors."""
    name = f"{offer.reference}:{price.mode}"
    if not price.stripe_product_id:
        product_id = _make_product(offer, price, name=name, gateway=gateway, now=now)
        _keep(price, "stripe_product_id", product_id)
    if not price.stripe_price_id:
        price_id = _make_price(offer, price, name=name, gateway=gateway, now=now)
        _keep(price, "stripe_price_id", price_id)
    _keep_ready(price, now=now)


def renew_price(
    *,
    offer: Offer,
    mode: Mode | str,
    gone_id: str,
    because: str,
    asked_at: datetime,
    gateway: PaymentGateway,
    now: datetime,
) -> OfferPrice:
    """Make the price anew that Stripe calls ``gone_id`` and sells nothing at any more.

    ``asked_at`` is when it was asked for in vain: whoever asked before somebody else made it anew
    finds that one and makes none. Raises the gateway's errors, as ``ensure_price`` does.
    """
    is_still_gone = Q(renewed_at=None) | Q(renewed_at__lt=asked_at)
    prices = OfferPrice.objects.filter(is_still_gone, offer=offer, mode=mode)
    with transaction.atomic(durable=True):
        prices.filter(stripe_price_id=gone_id).update(
            stripe_product_id="",
            stripe_price_id="",
            ready_at=None,
            times_renewed=F("times_renewed") + 1,
            renewed_at=now,
            renewed_because=because,
        )
    return ensure_price(offer=offer, mode=mode, gateway=gateway, now=now)


def renew_price_of(
    made: CheckoutSession | PaymentLink, *, gateway: PaymentGateway, now: datetime
) -> str:
    """Return Stripe's id of the price that stands in for the one that ``made`` was refused for.

    Raises the gateway's errors.
    """
    offer = Offer.objects.get(pk=made.offer_id or 0)  # never 0: it was made for an offer
    return renew_price(
        offer=offer,
        mode=made.mode,
        gone_id=str((made.parameters or {})["line_items"][0]["price"]),
        because=made.last_error,
        asked_at=made.created_at,
        gateway=gateway,
        now=now,
    ).stripe_price_id


def look_after_price(
    *, offer: Offer, mode: Mode | str, gateway: PaymentGateway, now: datetime
) -> OfferPrice:
    """Ask Stripe whether it sells at the offer's price, and make it, or make it anew, if not.

    Raises the gateway's errors.
    """
    price = ensure_price(offer=offer, mode=mode, gateway=gateway, now=now)
    ailment = gateway.what_ails_price(price.stripe_price_id)
    if not ailment:
        return price
    return renew_price(
        offer=offer,
        mode=mode,
        gone_id=price.stripe_price_id,
        because=ailment,
        asked_at=now,
        gateway=gateway,
        now=now,
    )


def sweep_prices(*, gateway: PaymentGateway, clock: Clock, limit: int = 20) -> int:
    """Ask about the prices that nobody asked about for longest, ``limit`` at most.

    One call each; a price that Stripe archived or forgot costs a few more. Returns how many were
    answered about. Where Stripe does not answer, the sweep ends and the next begins with others:
    one price that it never answers about holds up no other.
    """
    asked = 0
    for price in prices_to_look_after(mode=settings.DEPLOYMENT_MODE, limit=limit):
        _note_asked(price, now=clock())
        try:
            _ask_about(price.offer, gateway=gateway, now=clock())
        except GatewayUnknown:
            return asked
        except GatewayError as error:
            logger.warning(
                "price not looked after", extra={"offer": price.offer.reference, "code": error.code}
            )
        asked += 1
    return asked


def _ask_about(offer: Offer, *, gateway: PaymentGateway, now: datetime) -> None:
    mode: Mode = settings.DEPLOYMENT_MODE
    try:
        look_after_price(offer=offer, mode=mode, gateway=gateway, now=now)
    except GatewayRefused as refusal:
        raise_checkout_refused(offer=offer, mode=mode, code=refusal.code, now=now)
        raise
    if links := links_on_old_prices(mode=mode, offer_id=offer.pk):
        raise_links_on_old_price(offer=offer, mode=mode, count=len(links), now=now)


def _note_asked(price: OfferPrice, *, now: datetime) -> None:
    with transaction.atomic(durable=True):
        OfferPrice.objects.filter(pk=price.pk).update(asked_at=now)


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
    """Write an answer once; two callers at the same time keep the first one's. Raises LostRace."""
    OfferPrice.objects.filter(_same_making(price), **{column: ""}).update(**{column: stripe_id})
    _refresh(price)


def _keep_ready(price: OfferPrice, *, now: datetime) -> None:
    OfferPrice.objects.filter(_same_making(price), ready_at=None).update(ready_at=now)
    _refresh(price)


def _same_making(price: OfferPrice) -> Q:
    """Mean the row while nobody makes it anew: what was asked for before is then not sold."""
    return Q(pk=price.pk, times_renewed=price.times_renewed)


def _refresh(price: OfferPrice) -> None:
    begun = price.times_renewed
    price.refresh_from_db()
    if price.times_renewed != begun:
        raise LostRace(f"{price}: made anew meanwhile")


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
            if refusal.code != PRODUCT_EXISTS:  # the id is ours, so the product is too
                raise
        if price.times_renewed:  # it may be the product that was archived
            gateway.activate_product(product_id, key=f"{key}:active")
        return product_id

    return _made(make, key=f"{name}:product{_nth(price)}", find=lambda: None, now=now)


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
    if price.times_renewed:  # the archived one holds the lookup key
        parameters["transfer_lookup_key"] = True

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
    return find() or _made(make, key=f"{name}:price{_nth(price)}", find=find, now=now)


def _nth(price: OfferPrice) -> str:
    """Return what sets the idempotency keys of a price made anew apart from its first ones."""
    return f":{price.times_renewed}" if price.times_renewed else ""


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
