"""Stripe is asked about the prices on sale before a buyer is: what is gone is made anew."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import transaction

from kernel.modes import Mode
from revenue.models import Offer, OfferPrice
from revenue.operations.alerts import raise_checkout_refused, raise_links_on_old_price
from revenue.ports import GatewayError, GatewayRefused, GatewayUnknown, PaymentGateway
from revenue.queries.offers import links_on_old_prices, prices_to_look_after
from revenue.usecases.ensure_price import look_after_price

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


def sweep_prices(*, gateway: PaymentGateway, clock: Clock, limit: int = 20) -> int:
    """Ask about the prices that nobody asked about for longest, ``limit`` at most.

    One call each; a price that Stripe archived or forgot costs a few more. Returns how many were
    asked about. Where Stripe does not answer, the next sweep asks.
    """
    asked = 0
    for price in prices_to_look_after(mode=settings.DEPLOYMENT_MODE, limit=limit):
        try:
            _look_after(price.offer, gateway=gateway, now=clock())
        except GatewayUnknown:
            return asked
        except GatewayError as error:
            logger.warning(
                "price not looked after", extra={"offer": price.offer.reference, "code": error.code}
            )
        _note_asked(price, now=clock())
        asked += 1
    return asked


def _look_after(offer: Offer, *, gateway: PaymentGateway, now: datetime) -> None:
    mode: Mode = settings.DEPLOYMENT_MODE
    try:
        look_after_price(offer=offer, mode=mode, gateway=gateway, now=now)
    except GatewayRefused as refusal:
        raise_checkout_refused(offer=offer, mode=mode, code=refusal.code, now=now)
        raise
    if links := links_on_old_prices(mode=mode, offer=offer):
        raise_links_on_old_price(offer=offer, mode=mode, count=len(links), now=now)


def _note_asked(price: OfferPrice, *, now: datetime) -> None:
    with transaction.atomic(durable=True):
        OfferPrice.objects.filter(pk=price.pk).update(asked_at=now)
