"""What is sold through a deal, as people settle it before anything is prepared."""

from __future__ import annotations

from datetime import datetime

from crm.enums import ActivityKind
from crm.models import Activity, Deal
from kernel.money import Money
from kernel.references import new_reference
from ledger import operations as ledger


def choose_offer(
    *, deal_id: int, offer_id: int, offer_ref: str, price: Money, actor_id: int, now: datetime
) -> bool:
    """Let a deal be about an offer, at its price; say whether that changed anything.

    The caller has asked whether the deal is for sale and the offer on sale.
    """
    deal = Deal.objects.select_for_update(no_key=True).get(pk=deal_id)
    if (deal.offer_id, deal.amount) == (offer_id, price):
        return False
    deal.offer_id = offer_id
    deal.amount_minor, deal.currency = price.amount_minor, price.currency
    deal.save(update_fields=["offer", "amount_minor", "currency"])
    Activity.append(
        key=f"offer:{new_reference('act')}",
        kind=ActivityKind.OFFER_CHOSEN,
        deal_id=deal.pk,
        refs={"offer": offer_ref},
        amount=price,
        actor_id=actor_id,
        now=now,
    )
    ledger.audit(
        actor_id=actor_id,
        event="deal.offer_chosen",
        subject=deal.reference,
        facts={"offer": offer_ref},
        mode=deal.mode,
        trace_ref=deal.trace_ref,
        now=now,
    )
    return True
