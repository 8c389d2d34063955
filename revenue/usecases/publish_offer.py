"""Publishing a draft: from now on it is what buyers see, and it never changes again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger import operations as ledger
from revenue.enums import OfferState
from revenue.models import Offer
from revenue.usecases.save_offer import NotADraft, OfferWords


class DraftChanged(Exception):
    """Somebody changed the draft after it was shown to the person who publishes."""


def publish_offer(
    reference: str, *, seen: str | None, actor_id: int | None, now: datetime
) -> Offer:
    """Publish a draft; the version on sale until now is retired in the same commit.

    ``seen`` is the digest of what the person was shown; None where a program publishes its own
    words. Stripe is not asked here: ``ensure_price`` follows, and may fail without undoing this.
    Raises NotADraft or DraftChanged.
    """
    with transaction.atomic(durable=True):
        slug = Offer.objects.values_list("slug", flat=True).get(reference=reference)
        versions = Offer.objects.select_for_update(no_key=True).filter(slug=slug)
        by_reference = {offer.reference: offer for offer in versions.order_by("version")}
        draft = by_reference[reference]
        if draft.state != OfferState.DRAFT:
            raise NotADraft(reference)
        if seen is not None and seen != OfferWords.of(draft).digest():
            raise DraftChanged(reference)
        for offer in by_reference.values():
            if offer.state == OfferState.PUBLISHED:
                offer.move(OfferState.RETIRED, retired_at=now)
        draft.move(OfferState.PUBLISHED, published_at=now)
        ledger.audit(
            actor_id=actor_id,
            event="offer.published",
            subject=draft.reference,
            facts={"amount_minor": draft.amount_minor, "currency": draft.currency},
            now=now,
        )
    return draft
