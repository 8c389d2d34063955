"""Offers as people write and publish them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

from kernel.money import Money
from kernel.references import new_reference
from kernel.statements import insert_once
from ledger import operations as ledger
from revenue.enums import OfferState
from revenue.models import Offer


class SlugTaken(Exception):
    """Another offer has this address already."""


class NotADraft(Exception):
    """What was published is frozen: a change is a new version."""


class DraftChanged(Exception):
    """Somebody changed the draft after it was shown to the person who publishes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWords:
    """What a person says about an offer."""

    slug: str
    title: str
    summary: str
    delivered: str
    delivered_within_days: int
    refund_policy: str
    price: Money
    is_public: bool

    @classmethod
    def of(cls, offer: Offer) -> Self:
        """Return what ``offer`` says."""
        return cls(
            slug=offer.slug,
            title=offer.title,
            summary=offer.summary,
            delivered=offer.delivered,
            delivered_within_days=offer.delivered_within_days,
            refund_policy=offer.refund_policy,
            price=offer.price,
            is_public=offer.is_public,
        )

    def digest(self) -> str:
        """Return a digest that changes with every word: who publishes signs what they saw."""
        words = asdict(self) | {"price": str(self.price)}
        return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:32]


def make_first_draft(words: OfferWords, *, now: datetime) -> Offer:
    """Write the first draft of a new offer. Raises SlugTaken."""
    draft = Offer(reference=new_reference("off"), version=1, created_at=now)
    say(draft, words)
    # Asked as well as tried: of some offers only a later version exists.
    if Offer.objects.filter(slug=words.slug).exists() or not insert_once(draft):
        raise SlugTaken(words.slug)
    return draft


def publish_draft(
    reference: str, *, seen: str | None, actor_id: int | None, now: datetime
) -> Offer:
    """Publish a draft; the version on sale until now is retired in the same commit.

    ``seen`` is the digest of what the person was shown; None where a program publishes its own
    words. Raises NotADraft or DraftChanged.
    """
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


def say(draft: Offer, words: OfferWords) -> None:
    """Put the words into a draft, unsaved."""
    draft.slug, draft.title, draft.summary = words.slug, words.title, words.summary
    draft.delivered, draft.refund_policy = words.delivered, words.refund_policy
    draft.delivered_within_days = words.delivered_within_days
    draft.amount_minor, draft.currency = words.price.amount_minor, words.price.currency
    draft.is_public = words.is_public
    draft.refund_policy_version = _policy_version(draft)


def _policy_version(draft: Offer) -> int:
    """Return the version of the refund policy: the last one's, and one more when it differs."""
    earlier = Offer.objects.filter(slug=draft.slug, version__lt=draft.version)
    last = earlier.order_by("-version").first()
    if last is None:
        return 1
    return last.refund_policy_version + (last.refund_policy != draft.refund_policy)
