"""Buying: a row first, then Stripe, then the row again. Three steps, no network inside any."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from crm import operations as crm
from crm.queries import DealForSale, deal_for_sale
from kernel.connections import give_back
from kernel.references import new_reference
from kernel.retries import error_to_keep, may_repeat, next_attempt
from kernel.transitions import LostRace
from revenue.enums import CheckoutOrigin, CheckoutState, Source
from revenue.models import CheckoutSession, Offer, OfferPrice, PaymentLink
from revenue.operations.alerts import raise_checkout_refused, tell_of_refusal
from revenue.operations.recording import record
from revenue.operations.recording_context import RecordingContext
from revenue.planning import checkout_parameters
from revenue.policy import CALL_RETRIES, CALL_TIME, KEY_KEPT, pressed_key
from revenue.ports import (
    PRICE_GONE,
    GatewayError,
    GatewayRefused,
    PaymentGateway,
)
from revenue.usecases.ensure_price import ensure_price, renew_price


class DealNotForSale(Exception):
    """No checkout can be prepared for this deal. The text says why, for the operator."""


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
    known = CheckoutSession.objects.filter(buy_key=buy_key).first()
    if known is None:
        known = _make_row(
            offer=offer,
            origin=CheckoutOrigin.OFFER_PAGE,
            trace_ref=trace_ref,
            price_id=_price_for_a_visitor(offer, gateway=gateway, now=now),
            now=now,
            buy_key=buy_key,
            entry_page=entry_page,
        )
    give_back()  # dozens may wait here, and the pool holds few connections
    opened = open_at_stripe(known, gateway=gateway, now=now)
    if not _lacks_price(opened):
        return opened
    with _refusals_told(offer, now=now):
        renewed = renewed_price_id(opened, gateway=gateway, now=now)
    again = _make_row(
        offer=offer,
        origin=CheckoutOrigin.OFFER_PAGE,
        trace_ref=trace_ref,
        price_id=renewed,
        now=now,
        buy_key=again_key(buy_key),
        entry_page=entry_page,
    )
    return open_at_stripe(again, gateway=gateway, now=now)


def _lacks_price(checkout: CheckoutSession) -> bool:
    return checkout.state == CheckoutState.FAILED and checkout.last_error in PRICE_GONE


def renewed_price_id(
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


def again_key(key: str) -> str:
    """Return the key of the second row that one press makes, when the first lacked a price."""
    return hashlib.sha256(f"{key}:again".encode()).hexdigest()


def _price_for_a_visitor(offer: Offer, *, gateway: PaymentGateway, now: datetime) -> str:
    """Return Stripe's id of the price; where Stripe refuses to make it, tell operators and raise.

    An operator who prepares a checkout reads of it at once; a visitor's purchase is seen by nobody.
    """
    mode = settings.DEPLOYMENT_MODE
    with _refusals_told(offer, now=now):
        return ensure_price(offer=offer, mode=mode, gateway=gateway, now=now).stripe_price_id


@contextmanager
def _refusals_told(offer: Offer, *, now: datetime) -> Iterator[None]:
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
    known = CheckoutSession.objects.filter(buy_key=pressed).first()
    if known is None:
        deal = deal_of_this_mode(deal_ref)
        price = ensure_price(offer=offer, mode=settings.DEPLOYMENT_MODE, gateway=gateway, now=now)
        known = _make_row_of_deal(
            offer=offer,
            deal=deal,
            price_id=price.stripe_price_id,
            actor_id=actor_id,
            buy_key=pressed,
            now=now,
        )
    opened = open_at_stripe(known, gateway=gateway, now=now)
    if not _lacks_price(opened):
        return opened
    again = _make_row_of_deal(
        offer=offer,
        deal=deal_of_this_mode(deal_ref),
        price_id=renewed_price_id(opened, gateway=gateway, now=now),
        actor_id=actor_id,
        buy_key=again_key(pressed),
        now=now,
    )
    return open_at_stripe(again, gateway=gateway, now=now)


def _make_row_of_deal(
    *,
    offer: Offer,
    deal: DealForSale,
    price_id: str,
    actor_id: int,
    buy_key: str,
    now: datetime,
) -> CheckoutSession:
    """Insert the row and move the deal, or return what the other half of a double click made."""
    try:
        with transaction.atomic(durable=True):
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
            row.save(force_insert=True)
            crm.checkout_prepared(
                deal_id=deal.id,
                checkout_ref=row.reference,
                actor_id=actor_id,
                now=now,
                offer_id=offer.pk,
                amount=offer.price,
            )
    except IntegrityError:
        return CheckoutSession.objects.get(buy_key=buy_key)
    return row


def deal_of_this_mode(deal_ref: str) -> DealForSale:
    """Return the deal, if something may be sold through it here. Raises DealNotForSale."""
    deal = deal_for_sale(deal_ref)
    if deal is None:
        raise DealNotForSale("There is no such deal.")
    if deal.mode != settings.DEPLOYMENT_MODE:
        raise DealNotForSale(
            f"This deal was made in {deal.mode} mode; this is a {settings.DEPLOYMENT_MODE} "
            "deployment, and a payment here would get a deal of its own."
        )
    if not deal.is_sellable:
        raise DealNotForSale("Accept the lead first; a deal that is won or lost is not for sale.")
    return deal


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


def _make_row(*, buy_key: str, **fields: object) -> CheckoutSession:
    """Insert the row, or return the one that the other half of a double click inserted."""
    try:
        with transaction.atomic(durable=True):
            row = _row(buy_key=buy_key, **fields)  # type: ignore[arg-type]  # buy passes them typed
            row.save(force_insert=True)
    except IntegrityError:
        return CheckoutSession.objects.get(buy_key=buy_key)
    return row


def open_at_stripe(
    checkout: CheckoutSession, *, gateway: PaymentGateway, now: datetime
) -> CheckoutSession:
    """Make the call that the row describes, unless its answer is known, and keep the answer.

    Safe to repeat: the idempotency key is the row's own reference. Where the same call would tell
    nothing, or might make a second session, the row stays ``unknown`` and the sweep looks.
    """
    if checkout.state != CheckoutState.UNKNOWN or not may_repeat(
        made_at=checkout.created_at, last_error=checkout.last_error, key_kept=KEY_KEPT, now=now
    ):
        return checkout
    is_first_call = checkout.created_at == now  # the row was made by this very press
    try:
        fact = gateway.open_checkout(key=checkout.reference, parameters=checkout.parameters or {})
    except GatewayError as error:
        if not checkout.is_leased(now=now):
            is_no = isinstance(error, GatewayRefused) and (error.is_proof or is_first_call)
            settle = _settle_refusal if is_no else _settle_unknown
            with suppress(LostRace):  # somebody else settled it meanwhile
                settle(checkout, error, now=now)
        checkout.refresh_from_db()
        return checkout
    context = RecordingContext(
        mode=settings.DEPLOYMENT_MODE, source=Source.ANSWER, now=now, occurred_at=now
    )
    with transaction.atomic(durable=True):
        record(context, fact)
    checkout.refresh_from_db()
    return checkout


def _settle_refusal(checkout: CheckoutSession, refusal: GatewayError, *, now: datetime) -> None:
    """Stripe said no, so there is no session: the row is closed. Raises LostRace."""
    with transaction.atomic(durable=True):
        checkout.move_fenced(CheckoutState.FAILED, last_error=refusal.code, next_check_at=None)
        if refusal.code not in PRICE_GONE or _is_second(checkout):
            tell_of_refusal(checkout, code=refusal.code, now=now)


def _is_second(checkout: CheckoutSession) -> bool:
    """Say whether the price had just been made anew for this row, so that no third one follows."""
    return OfferPrice.objects.filter(
        offer=checkout.offer_id, mode=checkout.mode, renewed_at=checkout.created_at
    ).exists()


def _settle_unknown(checkout: CheckoutSession, unknown: GatewayError, *, now: datetime) -> None:
    """Nobody knows whether there is a session: the sweep will look. Raises LostRace."""
    attempts = next_attempt(checkout.attempts)
    checkout.write_unmoved(
        attempts=attempts,
        last_error=error_to_keep(known=checkout.last_error, told=unknown.code),
        next_check_at=now + CALL_RETRIES.after(attempts),
    )
