"""Writing an offer: a first draft, changes to a draft, a draft of the next version."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from kernel.references import new_reference
from revenue.enums import OfferState
from revenue.models import Offer
from revenue.operations.offers import NotADraft, OfferWords, SlugTaken, make_first_draft, say


def make_draft(words: OfferWords, *, now: datetime) -> Offer:
    """Write the first draft of a new offer. Raises SlugTaken."""
    with transaction.atomic(durable=True):
        return make_first_draft(words, now=now)


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
        say(draft, words)
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
        say(draft, OfferWords.of(origin))
        draft.save(force_insert=True)
    return draft


def discard_draft(reference: str) -> None:
    """Throw a draft away; nobody was ever shown it. Raises NotADraft."""
    with transaction.atomic(durable=True):
        draft = Offer.objects.select_for_update().get(reference=reference)
        if draft.state != OfferState.DRAFT:
            raise NotADraft(reference)
        draft.delete()
