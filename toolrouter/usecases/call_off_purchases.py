"""What must not be bought any more is written down, and told to whoever may close it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from toolrouter.enums import OffWhy, PurchaseState
from toolrouter.models import Purchase
from toolrouter.operations.purchasing import call_off
from toolrouter.outbox import tell_buyers
from toolrouter.queries.purchases import OFF, off_now, with_standing


def call_off_purchases(*, now: datetime, limit: int = 100) -> int:
    """Call off what is to be bought where agents were stopped, held or paused since.

    Its page says so from the moment of the stop; this is what makes it last and mails it, once.
    Returns how many.
    """
    to_buy = Purchase.objects.filter(state=PurchaseState.TO_BUY, called_off_at=None)
    off = with_standing(to_buy).filter(OFF).order_by("pk")
    references = list(off.values_list("reference", flat=True)[:limit])
    return sum(_call_off(reference, now=now) for reference in references)


@transaction.atomic(durable=True)
def _call_off(reference: str, *, now: datetime) -> bool:
    held = Purchase.objects.select_for_update(no_key=True, of=("self",)).select_related("call")
    purchase = held.get(reference=reference)
    why = off_now(with_standing(Purchase.objects.filter(pk=purchase.pk)).get())
    if purchase.called_off_at is not None or not why:
        return False
    call_off(purchase, why=OffWhy(why), now=now)
    tell_buyers(purchase, now=now)
    return True
