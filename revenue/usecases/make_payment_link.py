"""A payment link for a deal: a row first, then Stripe, then the row again."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction

from crm import operations as crm
from crm.enums import ActivityKind
from crm.queries import DealForSale, deal_ref_of
from kernel.references import new_reference
from kernel.statements import insert_once
from revenue.enums import PaymentLinkState
from revenue.exchanges.payment_links import make_at_stripe, switch_off_at_stripe
from revenue.exchanges.prices import ensure_price, renew_price_of
from revenue.models import Offer, PaymentLink
from revenue.operations.links import ask_link_off
from revenue.policy import again_key, pressed_key
from revenue.ports import PRICE_GONE, PaymentGateway
from revenue.queries.deals import deal_of_this_mode
from revenue.retries import CALL_TIME
from revenue.stripe_parameters import payment_link_parameters


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
    make_row = partial(_make_row, offer=offer, actor_id=actor_id, now=now)
    is_new, known = False, PaymentLink.objects.filter(form_key=pressed).first()
    if known is None:
        deal = deal_of_this_mode(deal_ref)
        price = ensure_price(offer=offer, mode=settings.DEPLOYMENT_MODE, gateway=gateway, now=now)
        known, is_new = make_row(deal=deal, price_id=price.stripe_price_id, form_key=pressed)
    made = make_at_stripe(known, gateway=gateway, now=now, is_new=is_new)
    if made.state != PaymentLinkState.FAILED or made.last_error not in PRICE_GONE:
        return made
    again, is_new = make_row(
        deal=deal_of_this_mode(deal_ref),
        price_id=renew_price_of(made, gateway=gateway, now=now),
        form_key=again_key(pressed),
    )
    return make_at_stripe(again, gateway=gateway, now=now, is_new=is_new)


def make_link_anew(
    reference: str, *, actor_id: int, gateway: PaymentGateway, now: datetime
) -> PaymentLink:
    """Switch off a link whose price Stripe sells nothing at, and make one in its place.

    Safe to repeat. Raises LinkNotActive, DealNotForSale, and the gateway's errors.
    """
    with transaction.atomic(durable=True):
        link = ask_link_off(reference, actor_id=actor_id, now=now)
    switch_off_at_stripe(link, gateway=gateway, now=now)
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
) -> tuple[PaymentLink, bool]:
    """Insert the row and move the deal, or return what the other half of a double click made.

    Say whether the row is new.
    """
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
    with transaction.atomic(durable=True):
        if not insert_once(link):
            return PaymentLink.objects.get(form_key=form_key), False
        crm.checkout_prepared(
            deal_id=deal.id,
            checkout_ref=link.reference,
            actor_id=actor_id,
            now=now,
            offer_id=offer.pk,
            amount=offer.price,
            kind=ActivityKind.LINK_PREPARED,
        )
    return link, True
