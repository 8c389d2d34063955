"""Taking an offer off sale."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger import operations as ledger
from revenue.enums import OfferState
from revenue.models import Offer


def retire_offer(reference: str, *, actor_id: int | None, now: datetime) -> Offer:
    """Take a published offer off sale; what was sold or prepared under it stays as it was.

    Raises IllegalMove unless it is on sale.
    """
    with transaction.atomic(durable=True):
        offer = Offer.objects.select_for_update(no_key=True).get(reference=reference)
        offer.move(OfferState.RETIRED, retired_at=now)
        ledger.audit(actor_id=actor_id, event="offer.retired", subject=reference, now=now)
    return offer
