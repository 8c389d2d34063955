"""Buying: a row first, then Stripe, then the row again. Three steps, no network inside any."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction

from crm import operations as crm
from crm.queries import DealForSale
from kernel.connections import give_back
from kernel.references import new_reference
from kernel.statements import insert_once
from revenue.enums import CheckoutOrigin, CheckoutState
from revenue.exchanges.checkouts import open_at_stripe
from revenue.exchanges.prices import ensure_price, renew_price_of
from revenue.models import CheckoutSession, Offer
from revenue.operations.alerts import raise_checkout_refused
from revenue.policy import again_key, pressed_key
from revenue.ports import PRICE_GONE, GatewayRefused, PaymentGateway
from revenue.queries.deals import deal_of_this_mode
from revenue.retries import CALL_TIME
from revenue.stripe_parameters import checkout_parameters


def buy(
    *,
    offer: Offer,
    buy_key: str,
    trace_ref: str,
    entry_page: str,
    gateway: PaymentGateway,
    now: datetime,
) -> CheckoutSession:
    """Open a Checkout Session for a visitor who pressed Buy.

    ``buy_key`` was rendered once into the form: pressing twice finds the first row, repeats the
    same call with the same idempotency key, and ends at the same session. When Stripe does not
    answer, the returned row says ``unknown`` and the sweep finds out. Raises GatewayUnknown or
    GatewayRefused only before a row exists: when the offer's price cannot be made at Stripe.
    """
    make_row = partial(_make_row, offer=offer, trace_ref=trace_ref, entry_page=entry_page, now=now)
    is_new, known = False, CheckoutSession.objects.filter(buy_key=buy_key).first()
    if known is None:
        price_id = _price_for_a_visitor(offer, gateway=gateway, now=now)
        known, is_new = make_row(price_id=price_id, buy_key=buy_key)
    give_back()  # dozens may wait here, and the pool holds few connections
    opened = open_at_stripe(known, gateway=gateway, now=now, is_new=is_new)
    if not _lacks_price(opened):
        return opened
    with _refusals_alerted(offer, now=now):
        renewed = renew_price_of(opened, gateway=gateway, now=now)
    again, is_new = make_row(price_id=renewed, buy_key=again_key(buy_key))
    return open_at_stripe(again, gateway=gateway, now=now, is_new=is_new, is_last=True)


def _lacks_price(checkout: CheckoutSession) -> bool:
    return checkout.state == CheckoutState.FAILED and checkout.last_error in PRICE_GONE


def _price_for_a_visitor(offer: Offer, *, gateway: PaymentGateway, now: datetime) -> str:
    """Return Stripe's id of the price; where Stripe refuses to make it, tell operators and raise.

    An operator who prepares a checkout reads of it at once; a visitor's purchase is seen by nobody.
    """
    mode = settings.DEPLOYMENT_MODE
    with _refusals_alerted(offer, now=now):
        return ensure_price(offer=offer, mode=mode, gateway=gateway, now=now).stripe_price_id


@contextmanager
def _refusals_alerted(offer: Offer, *, now: datetime) -> Iterator[None]:
    try:
        yield
    except GatewayRefused as refusal:
        mode = settings.DEPLOYMENT_MODE
        with transaction.atomic(durable=True):
            raise_checkout_refused(offer=offer, mode=mode, code=refusal.code, now=now)
        raise


def prepare_checkout(
    *,
    offer: Offer,
    deal_ref: str,
    form_key: str,
    actor_id: int,
    gateway: PaymentGateway,
    now: datetime,
) -> CheckoutSession:
    """Open a Checkout Session for a deal, on an operator's word; the deal moves to checkout.

    ``form_key`` was rendered once into the form: pressing twice ends at one session, as in ``buy``.
    Raises DealNotForSale when there is no such deal in this mode; the gateway's errors as ``buy``.
    """
    pressed = pressed_key(
        form_key=form_key, deal_ref=deal_ref, offer_ref=offer.reference, actor_id=actor_id
    )
    make_row = partial(_make_row_of_deal, offer=offer, actor_id=actor_id, now=now)
    is_new, known = False, CheckoutSession.objects.filter(buy_key=pressed).first()
    if known is None:
        deal = deal_of_this_mode(deal_ref)
        price = ensure_price(offer=offer, mode=settings.DEPLOYMENT_MODE, gateway=gateway, now=now)
        known, is_new = make_row(deal=deal, price_id=price.stripe_price_id, buy_key=pressed)
    opened = open_at_stripe(known, gateway=gateway, now=now, is_new=is_new)
    if not _lacks_price(opened):
        return opened
    again, is_new = make_row(
        deal=deal_of_this_mode(deal_ref),
        price_id=renew_price_of(opened, gateway=gateway, now=now),
        buy_key=again_key(pressed),
    )
    return open_at_stripe(again, gateway=gateway, now=now, is_new=is_new, is_last=True)


def _make_row_of_deal(
    *,
    offer: Offer,
    deal: DealForSale,
    price_id: str,
    actor_id: int,
    buy_key: str,
    now: datetime,
) -> tuple[CheckoutSession, bool]:
    """Insert the row and move the deal, or return what the other half of a double click made.

    Say whether the row is new.
    """
    row = _row(
        offer=offer,
        origin=CheckoutOrigin.DEAL,
        trace_ref=deal.trace_ref,
        price_id=price_id,
        now=now,
        deal_id=deal.id,
        created_by_id=actor_id,
        buy_key=buy_key,
    )
    with transaction.atomic(durable=True):
        if not insert_once(row):
            return CheckoutSession.objects.get(buy_key=buy_key), False
        crm.checkout_prepared(
            deal_id=deal.id,
            checkout_ref=row.reference,
            actor_id=actor_id,
            now=now,
            offer_id=offer.pk,
            amount=offer.price,
        )
    return row, True


def _row(
    *,
    offer: Offer,
    origin: CheckoutOrigin,
    trace_ref: str,
    price_id: str,
    now: datetime,
    **more: object,
) -> CheckoutSession:
    row = CheckoutSession(
        reference=new_reference("chk"),
        mode=settings.DEPLOYMENT_MODE,
        origin=origin,
        offer=offer,
        trace_ref=trace_ref,
        amount_minor=offer.amount_minor,
        currency=offer.currency,
        created_at=now,
        next_check_at=now + CALL_TIME,
        **more,
    )
    row.parameters = checkout_parameters(
        checkout=row, offer=offer, price_id=price_id, base_url=settings.BASE_URL
    )
    return row


def _make_row(
    *, offer: Offer, trace_ref: str, entry_page: str, price_id: str, buy_key: str, now: datetime
) -> tuple[CheckoutSession, bool]:
    """Insert the row, or return the one that the other half of a double click inserted.

    Say whether the row is new.
    """
    row = _row(
        offer=offer,
        origin=CheckoutOrigin.OFFER_PAGE,
        trace_ref=trace_ref,
        price_id=price_id,
        now=now,
        buy_key=buy_key,
        entry_page=entry_page,
    )
    with transaction.atomic(durable=True):
        if insert_once(row):
            return row, True
    return CheckoutSession.objects.get(buy_key=buy_key), False
