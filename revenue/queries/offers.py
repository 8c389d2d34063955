"""What an operator may sell."""

from __future__ import annotations

from collections.abc import Sequence

from revenue.enums import OfferState
from revenue.models import Offer


def offers_on_sale() -> Sequence[Offer]:
    """Return every published offer, public or not, by title. One statement."""
    return Offer.objects.filter(state=OfferState.PUBLISHED, is_sample=False).order_by("title")
