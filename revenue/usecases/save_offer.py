"""Writing an offer: a first draft, changes to a draft, a draft of the next version."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Self

from django.db import IntegrityError, transaction

from kernel.money import Money
from kernel.references import new_reference
from revenue.enums import OfferState
from revenue.models import Offer


class SlugTaken(Exception):
    """Another offer has this address already."""


class NotADraft(Exception):
    """What was published is frozen: a change is a new version."""


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


def make_draft(words: OfferWords, *, now: datetime) -> Offer:
    """Write the first draft of a new offer. Raises SlugTaken."""
    draft = Offer(reference=new_reference("off"), version=1, created_at=now)
    _say(draft, words)
    try:
        with transaction.atomic(durable=True):
            if Offer.objects.filter(slug=words.slug).exists():  # also where only version 2 exists
                raise SlugTaken(words.slug)
            draft.save(force_insert=True)
    except IntegrityError as error:
        raise SlugTaken(words.slug) from error
    return draft


def edit_draft(reference: str, words: OfferWords) -> Offer:
    """Change a draft. Only the first version of an offer may still change its address.

    Raises NotADraft or SlugTaken; Offer.DoesNotExist for a reference nobody knows.
    """
    with transaction.atomic(durable=True):
        draft = Offer.objects.select_for_update(no_key=True).get(reference=reference)
        if draft.state != OfferState.DRAFT:
            raise NotADraft(reference)
        if draft.version > 1:
            words = replace(words, slug=draft.slug)
        elif Offer.objects.filter(slug=words.slug).exclude(pk=draft.pk).exists():
            raise SlugTaken(words.slug)
        _say(draft, words)
        draft.save()
    return draft


def draft_next_version(reference: str, *, now: datetime) -> Offer:
    """Return the draft that follows this offer: the one there is, else a copy to be changed."""
    with transaction.atomic(durable=True):
        origin = Offer.objects.get(reference=reference)
        # The lock of the first version makes two clicks at once one draft.
        versions = Offer.objects.select_for_update(no_key=True).filter(slug=origin.slug)
        newest = list(versions.order_by("version"))[-1]
        if newest.state == OfferState.DRAFT:
            return newest
        draft = Offer(reference=new_reference("off"), version=newest.version + 1, created_at=now)
        _say(draft, OfferWords.of(origin))
        draft.save(force_insert=True)
    return draft


def discard_draft(reference: str) -> None:
    """Throw a draft away; nobody was ever shown it. Raises NotADraft."""
    with transaction.atomic(durable=True):
        draft = Offer.objects.select_for_update().get(reference=reference)
        if draft.state != OfferState.DRAFT:
            raise NotADraft(reference)
        draft.delete()


def _say(draft: Offer, words: OfferWords) -> None:
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
