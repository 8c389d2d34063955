"""A person says what a deal is about, so that a link can be asked for it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from crm import operations as crm
from revenue.models import Offer
from revenue.queries.deals import deal_of_this_mode


@transaction.atomic(durable=True)
def choose_offer(*, offer: Offer, deal_ref: str, actor_id: int, now: datetime) -> bool:
    """Let the deal be about ``offer``; say whether that changed anything.

    Nothing is made at Stripe. An agent that works on the deal may then ask for its payment link.
    Raises DealNotForSale.
    """
    return crm.choose_offer(
        deal_id=deal_of_this_mode(deal_ref).id,
        offer_id=offer.pk,
        offer_ref=offer.reference,
        price=offer.price,
        actor_id=actor_id,
        now=now,
    )
