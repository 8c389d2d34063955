"""A payment link for a deal: a row first, then Stripe, then the row again."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from crm import operations as crm
from crm.enums import ActivityKind
from crm.queries import DealForSale, deal_ref_of
from kernel.references import new_reference
from kernel.retries import error_to_keep, may_repeat, next_attempt
from kernel.transitions import LostRace
from revenue.enums import PaymentLinkState
from revenue.models import Offer, PaymentLink
from revenue.operations.links import record_link
from revenue.planning import payment_link_parameters
from revenue.policy import CALL_RETRIES, CALL_TIME, KEY_KEPT, pressed_key
from revenue.ports import (
    PRICE_GONE,
    GatewayError,
    GatewayRefused,
    PaymentGateway,
)
from revenue.usecases.deactivate_payment_link import deactivate_payment_link
from revenue.usecases.ensure_price import ensure_price
from revenue.usecases.open_checkout import again_key, deal_of_this_mode, renewed_price_id


def make_payment_link(
    *,
    offer: Offer,
    deal_ref: str,
    form_key: str,
    actor_id: int,
    gateway: PaymentGateway,
    now: datetime,
) -> PaymentLink:
    """Make a link that takes one payment for a deal; the deal moves to checkout.

    ``form_key`` was rendered once into the form: pressing twice finds the first row, repeats the
    same call with the same idempotency key, and ends at one link. When Stripe does not answer, the
    returned row says ``unknown`` and the sweep finds out. Raises DealNotForSale; GatewayUnknown or
    GatewayRefused only before a row exists.
    """
    pressed = pressed_key(
        form_key=form_key, deal_ref=deal_ref, offer_ref=offer.reference, actor_id=actor_id
    )
    known = PaymentLink.objects.filter(form_key=pressed).first()
    if known is None:
        deal = deal_of_this_mode(deal_ref)
        price = ensure_price(offer=offer, mode=settings.DEPLOYMENT_MODE, gateway=gateway, now=now)
        known = _make_row(
            offer=offer,
            deal=deal,
            price_id=price.stripe_price_id,
            actor_id=actor_id,
            form_key=pressed,
            now=now,
        )
    made = make_at_stripe(known, gateway=gateway, now=now)
    if made.state != PaymentLinkState.FAILED or made.last_error not in PRICE_GONE:
        return made
    again = _make_row(
        offer=offer,
        deal=deal_of_this_mode(deal_ref),
        price_id=renewed_price_id(made, gateway=gateway, now=now),
        actor_id=actor_id,
        form_key=again_key(pressed),
        now=now,
    )
    return make_at_stripe(again, gateway=gateway, now=now)


def make_link_anew(
    reference: str, *, actor_id: int, gateway: PaymentGateway, now: datetime
) -> PaymentLink:
    """Switch off a link whose price Stripe sells nothing at, and make one in its place.

    Safe to repeat. Raises LinkNotActive, DealNotForSale, and the gateway's errors.
    """
    link = PaymentLink.objects.select_related("offer").get(reference=reference)
    deactivate_payment_link(reference, actor_id=actor_id, gateway=gateway, now=now)
    return make_payment_link(
        offer=link.offer,
        deal_ref=deal_ref_of(link.deal_id),
        form_key=link.reference,
        actor_id=actor_id,
        gateway=gateway,
        now=now,
    )


def _make_row(
    *,
    offer: Offer,
    deal: DealForSale,
    price_id: str,
    actor_id: int,
    form_key: str,
    now: datetime,
) -> PaymentLink:
    """Insert the row and move the deal, or return what the other half of a double click made."""
    link = PaymentLink(
        reference=new_reference("plk"),
        mode=settings.DEPLOYMENT_MODE,
        offer=offer,
        deal_id=deal.id,
        trace_ref=deal.trace_ref,
        amount_minor=offer.amount_minor,
        currency=offer.currency,
        form_key=form_key,
        created_by_id=actor_id,
        created_at=now,
        next_check_at=now + CALL_TIME,
    )
    link.parameters = payment_link_parameters(
        link=link, offer=offer, price_id=price_id, base_url=settings.BASE_URL
    )
    try:
        with transaction.atomic(durable=True):
            link.save(force_insert=True)
            crm.checkout_prepared(
                deal_id=deal.id,
                checkout_ref=link.reference,
                actor_id=actor_id,
                now=now,
                offer_id=offer.pk,
                amount=offer.price,
                kind=ActivityKind.LINK_PREPARED,
            )
    except IntegrityError:
        return PaymentLink.objects.get(form_key=form_key)
    return link


def make_at_stripe(link: PaymentLink, *, gateway: PaymentGateway, now: datetime) -> PaymentLink:
    """Make the call that the row describes, unless its answer is known, and keep the answer.

    Safe to repeat: the idempotency key is the row's own reference. Where the same call would tell
    nothing, or might make a second link, the row stays ``unknown`` and the sweep looks.
    """
    if link.state != PaymentLinkState.UNKNOWN or not may_repeat(
        made_at=link.created_at, last_error=link.last_error, key_kept=KEY_KEPT, now=now
    ):
        return link
    is_first_call = link.created_at == now  # the row was made by this very press
    try:
        made = gateway.make_payment_link(key=link.reference, parameters=link.parameters)
    except GatewayError as error:
        if not link.is_leased(now=now):
            is_no = isinstance(error, GatewayRefused) and (error.is_proof or is_first_call)
            with suppress(LostRace):  # somebody else settled it meanwhile
                if is_no:
                    keep_refusal(link, code=error.code)
                else:
                    keep_unknown(link, code=error.code, now=now)
    else:
        with transaction.atomic(durable=True):
            record_link(link, made, now=now)
    link.refresh_from_db()
    return link


def keep_refusal(link: PaymentLink, *, code: str) -> None:
    """Stripe said no, or has no such link: nobody can pay by it. Raises LostRace."""
    link.move_fenced(PaymentLinkState.FAILED, last_error=code, next_check_at=None)


def keep_unknown(link: PaymentLink, *, code: str, now: datetime) -> None:
    """Nobody knows whether there is a link: the sweep will look. Raises LostRace.

    A 5xx is kept in mind: after one, the same key would only replay it.
    """
    attempts = next_attempt(link.attempts)
    link.write_unmoved(
        attempts=attempts,
        last_error=error_to_keep(known=link.last_error, told=code),
        next_check_at=now + CALL_RETRIES.after(attempts),
    )
