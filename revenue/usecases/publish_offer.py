"""Publishing a draft: from now on it is what buyers see, and it never changes again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from revenue.models import Offer
from revenue.operations.offers import publish_draft


def publish_offer(
    reference: str, *, seen: str | None, actor_id: int | None, now: datetime
) -> Offer:
    """Publish a draft; the version on sale until now is retired in the same commit.

    ``seen`` is the digest of what the person was shown; None where a program publishes its own
    words. Stripe is not asked here: ``ensure_price`` follows, and may fail without undoing this.
    Raises NotADraft or DraftChanged.
    """
    with transaction.atomic(durable=True):
        return publish_draft(reference, seen=seen, actor_id=actor_id, now=now)
