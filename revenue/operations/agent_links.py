"""Payment links that an agent's call makes: our side of them, in the router's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.conf import settings

from crm import operations as crm
from crm.enums import ActivityKind
from crm.queries import DealForSale
from kernel.canonical import Canonical
from kernel.shown_text import fault_of
from kernel.statements import insert
from revenue.enums import PaymentLinkState
from revenue.models import Offer, PaymentLink
from revenue.operations.links import record_link
from revenue.ports import OpenedLink
from revenue.queries.deals import DealNotForSale, deal_of_this_mode
from revenue.queries.offers import price_of, sellable_offer_by_id
from revenue.stripe_parameters import payment_link_parameters
from toolrouter.ports import Call, NotPossible

TITLE_CHARS_MAX: Final = 120


def link_ref_of(call_ref: str) -> str:
    """Return the reference of the link that a call makes: the call's own number."""
    return call_ref.replace("call_", "plk_", 1)


def deal_and_offer(deal_ref: str, *, mode: str) -> tuple[DealForSale, Offer]:
    """Return what would be sold through which deal. Raises NotPossible."""
    try:
        deal = deal_of_this_mode(deal_ref)
    except DealNotForSale as reason:
        raise NotPossible(deal_ref) from reason
    offer = sellable_offer_by_id(deal.offer_id) if deal.offer_id else None
    if offer is None or offer.amount_minor == 0 or deal.mode != mode:
        raise NotPossible(deal_ref)
    if fault_of(offer.title, chars_max=TITLE_CHARS_MAX):
        raise NotPossible(offer.reference)
    return deal, offer


def parameters_to_approve(deal: DealForSale, offer: Offer, call: Call) -> dict[str, Canonical]:
    """Return what Stripe will be sent, with our own name of the price where Stripe's will stand.

    Stripe's name may not be there yet, or be another after it archived a price; what the price asks
    for is approved beside it, and is read back from Stripe afterwards.
    """
    return _parameters(_link(deal, offer, call), offer, price_id=offer.reference)


def book_link(deal_ref: str, call: Call, *, is_at_stripe: bool = False) -> None:
    """Write the row of the link, with the run as who made it; the deal moves to checkout.

    Nobody but its call asks Stripe for it; where it is there already nobody does, and the price
    that it sells may be one that a restore took from us. Raises NotPossible.
    """
    deal, offer = deal_and_offer(deal_ref, mode=call.mode)
    price = price_of(offer, mode=call.mode)
    is_ready = price is not None and price.ready_at is not None
    if not is_ready and not is_at_stripe:
        raise NotPossible(offer.reference)
    price_id = price.stripe_price_id if price is not None and is_ready else offer.reference
    link = _link(deal, offer, call)
    link.parameters = _parameters(link, offer, price_id=price_id)
    insert(link)
    crm.checkout_prepared(
        deal_id=deal.id,
        checkout_ref=link.reference,
        actor_id=None,
        run_ref=call.run_ref,
        now=call.now,
        offer_id=offer.pk,
        amount=offer.price,
        kind=ActivityKind.LINK_PREPARED,
    )


def record_link_of(call_ref: str, made: OpenedLink, *, now: datetime) -> PaymentLink:
    """Write down what Stripe made for a call."""
    link = PaymentLink.objects.get(call_ref=call_ref)
    record_link(link, made, now=now)
    return link


def close_link_of(call_ref: str, *, code: str) -> None:
    """Write down that Stripe made nothing for a call, unless an event has said otherwise."""
    link = PaymentLink.objects.select_for_update(no_key=True).get(call_ref=call_ref)
    if link.state == PaymentLinkState.UNKNOWN:
        link.move(PaymentLinkState.FAILED, last_error=code)


def links_in_use(call_refs: Sequence[str]) -> frozenset[str]:
    """Return those calls whose link somebody can still pay by. One statement."""
    active = PaymentLink.objects.filter(call_ref__in=call_refs, state=PaymentLinkState.ACTIVE)
    return frozenset(ref for ref in active.values_list("call_ref", flat=True) if ref)


def _link(deal: DealForSale, offer: Offer, call: Call) -> PaymentLink:
    return PaymentLink(
        reference=link_ref_of(call.reference),
        mode=call.mode,
        offer=offer,
        deal_id=deal.id,
        trace_ref=deal.trace_ref,
        amount_minor=offer.amount_minor,
        currency=offer.currency,
        call_ref=call.reference,
        run_ref=call.run_ref,
        created_at=call.now,
    )


def _parameters(link: PaymentLink, offer: Offer, *, price_id: str) -> dict[str, Canonical]:
    return payment_link_parameters(
        link=link, offer=offer, price_id=price_id, base_url=settings.BASE_URL
    )
