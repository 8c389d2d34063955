"""The first offer of a new house: the one-dollar acquisition snapshot."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from kernel.money import Money
from revenue.enums import OfferState
from revenue.models import Offer
from revenue.operations.offers import (
    NotADraft,
    OfferWords,
    SlugTaken,
    make_first_draft,
    publish_draft,
)

SLUG: Final = "acquisition-snapshot"
SNAPSHOT: Final = OfferWords(
    slug=SLUG,
    title="Acquisition snapshot",
    summary=(
        "Two pages on how your company wins customers: where they come from today, where they "
        "are lost on the way, and the three moves we would make first. Researched by our agent, "
        "checked by a person."
    ),
    delivered=(
        "A two-page brief, as a web page and as a PDF\n"
        "Where your customers come from, and what each channel seems to cost you\n"
        "The step at which most of the interested ones are lost\n"
        "Three moves to make first, each with its effort and what it should bring\n"
        "Every source, with the date it was read"
    ),
    delivered_within_days=2,
    refund_policy=(
        "If the snapshot is of no use to you, write to us within 30 days of receiving it. "
        "We return the full price to the card or account you paid with; you need not give a "
        "reason, and the snapshot stays yours.\n\n"
        "If we have not delivered within five working days, we return the full price without "
        "being asked.\n\n"
        "A refund usually arrives within five to ten days; how fast is up to your bank."
    ),
    price=Money(100, "USD"),
    is_public=True,
)


def seed_offer(*, now: datetime) -> tuple[Offer, bool]:
    """Publish the snapshot offer once; return it and whether it was published now.

    Where any version of it exists already, published, retired or in an operator's words, nothing
    is changed; a draft in our own words, as older versions may have left one, is published.
    """
    with transaction.atomic(durable=True):
        try:
            draft = make_first_draft(SNAPSHOT, now=now)
        except SlugTaken:
            draft = _known()
        if draft.state != OfferState.DRAFT or OfferWords.of(draft) != SNAPSHOT:
            return draft, False
        try:
            return publish_draft(draft.reference, seen=None, actor_id=None, now=now), True
        except NotADraft:  # two stacks seeded one database at the same moment
            return _known(), False


def _known() -> Offer:
    versions = Offer.objects.filter(slug=SLUG)
    return versions.filter(state=OfferState.PUBLISHED).first() or versions.latest("version")
