"""What an operator may sell."""

from __future__ import annotations

from revenue.enums import OfferState
from revenue.models import Offer


def offers_on_sale() -> list[Offer]:
    """Return every published offer, public or not, by title. One statement."""
    published = Offer.objects.filter(state=OfferState.PUBLISHED, is_sample=False)
    return list(published.order_by("title"))
