"""What is published never changes; a change is a new version."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime

import pytest
from django.db import IntegrityError, connection
from django.db.utils import DatabaseError

from kernel.money import Money
from kernel.transitions import IllegalMove
from ledger.models import LedgerEntry
from revenue.enums import OfferState
from revenue.models import Offer
from revenue.operations.offers import DraftChanged, NotADraft, OfferWords, SlugTaken
from revenue.queries.offers import offer_families, unready_offers
from revenue.usecases.publish_offer import publish_offer
from revenue.usecases.retire_offer import retire_offer
from revenue.usecases.save_offer import (
    discard_draft,
    draft_next_version,
    edit_draft,
    make_draft,
)
from revenue.usecases.seed_offer import SNAPSHOT, seed_offer
from tests.factories.people import make_person

pytestmark = pytest.mark.django_db
WORDS = replace(SNAPSHOT, slug="snapshot")


def published(words: OfferWords, *, now: datetime) -> Offer:
    draft = make_draft(words, now=now)
    return publish_offer(draft.reference, seen=None, actor_id=None, now=now)


def test_a_draft_says_what_was_typed(now: datetime) -> None:
    draft = make_draft(WORDS, now=now)
    assert (draft.state, draft.version, draft.refund_policy_version) == ("draft", 1, 1)
    assert OfferWords.of(Offer.objects.get(pk=draft.pk)) == WORDS


def test_two_offers_never_share_an_address(now: datetime) -> None:
    make_draft(WORDS, now=now)
    with pytest.raises(SlugTaken):
        make_draft(WORDS, now=now)
    other = make_draft(replace(WORDS, slug="other"), now=now)
    with pytest.raises(SlugTaken):
        edit_draft(other.reference, WORDS)


def test_publishing_retires_the_version_before_in_the_same_commit(now: datetime) -> None:
    first = published(WORDS, now=now)
    draft = draft_next_version(first.reference, now=now)
    edit_draft(draft.reference, replace(WORDS, price=Money(200, "USD")))
    second = publish_offer(draft.reference, seen=None, actor_id=None, now=now)
    first.refresh_from_db()
    assert (first.state, first.retired_at) == (OfferState.RETIRED, now)
    assert first.price == Money(100, "USD")
    assert (second.state, second.version, second.price) == (
        OfferState.PUBLISHED,
        2,
        Money(200, "USD"),
    )


def test_a_person_publishes_only_what_they_saw(now: datetime) -> None:
    draft = make_draft(WORDS, now=now)
    seen = OfferWords.of(draft).digest()
    edit_draft(draft.reference, replace(WORDS, price=Money(99_900, "USD")))
    with pytest.raises(DraftChanged):
        publish_offer(draft.reference, seen=seen, actor_id=None, now=now)
    draft.refresh_from_db()
    assert draft.state == OfferState.DRAFT


def test_publishing_is_written_to_the_ledger_with_who_and_how_much(now: datetime) -> None:
    draft = make_draft(WORDS, now=now)
    publish_offer(draft.reference, seen=None, actor_id=7, now=now)
    entry = LedgerEntry.objects.get(subject=draft.reference)
    assert entry.event == "offer.published"
    assert entry.facts == {"actor": "user:7", "amount_minor": 100, "currency": "USD"}


def test_what_was_published_is_frozen_for_everybody(now: datetime) -> None:
    offer = published(WORDS, now=now)
    with pytest.raises(NotADraft):
        edit_draft(offer.reference, WORDS)
    with pytest.raises(NotADraft):
        publish_offer(offer.reference, seen=None, actor_id=None, now=now)
    with pytest.raises(NotADraft):
        discard_draft(offer.reference)


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 1},
        {"currency": "EUR"},
        {"title": "Another"},
        {"refund_policy": "Never."},
        {"delivered": "Less"},
        {"version": 9},
    ],
)
def test_the_database_itself_keeps_a_published_offer(now: datetime, change: dict) -> None:
    offer = published(WORDS, now=now)
    with pytest.raises(DatabaseError, match="a published offer is frozen"):
        Offer.objects.filter(pk=offer.pk).update(**change)


def test_the_database_keeps_one_version_on_sale(now: datetime) -> None:
    first = published(WORDS, now=now)
    draft = draft_next_version(first.reference, now=now)
    with pytest.raises(IntegrityError, match="offer_one_published_version"):
        draft.move(OfferState.PUBLISHED, published_at=now)


def test_the_next_version_is_one_draft_however_often_it_is_asked_for(now: datetime) -> None:
    first = published(WORDS, now=now)
    draft = draft_next_version(first.reference, now=now)
    assert draft_next_version(first.reference, now=now) == draft
    assert OfferWords.of(draft) == WORDS


def test_a_later_version_keeps_the_address(now: datetime) -> None:
    first = published(WORDS, now=now)
    draft = draft_next_version(first.reference, now=now)
    assert edit_draft(draft.reference, replace(WORDS, slug="elsewhere")).slug == WORDS.slug


def test_the_refund_policy_counts_its_own_versions(now: datetime) -> None:
    first = published(WORDS, now=now)
    same = draft_next_version(first.reference, now=now)
    assert same.refund_policy_version == 1
    changed = edit_draft(same.reference, replace(WORDS, refund_policy="Within 60 days."))
    assert changed.refund_policy_version == 2
    back = edit_draft(same.reference, WORDS)
    assert back.refund_policy_version == 1


def test_a_retired_offer_sells_no_more_and_retires_once(now: datetime) -> None:
    person = make_person("operator")
    offer = published(WORDS, now=now)
    assert retire_offer(offer.reference, actor_id=person.pk, now=now).state == OfferState.RETIRED
    with pytest.raises(IllegalMove):
        retire_offer(offer.reference, actor_id=person.pk, now=now)
    assert LedgerEntry.objects.filter(event="offer.retired").count() == 1


def test_a_retired_offer_may_come_back_as_a_new_version(now: datetime) -> None:
    offer = published(WORDS, now=now)
    retire_offer(offer.reference, actor_id=None, now=now)
    draft = draft_next_version(offer.reference, now=now)
    back = publish_offer(draft.reference, seen=None, actor_id=None, now=now)
    assert (back.version, back.state) == (2, OfferState.PUBLISHED)


def test_a_discarded_draft_leaves_nothing(now: datetime) -> None:
    draft = make_draft(WORDS, now=now)
    discard_draft(draft.reference)
    assert not Offer.objects.exists()


def test_the_list_shows_what_is_on_sale_before_its_draft(now: datetime) -> None:
    first = published(WORDS, now=now)
    draft = draft_next_version(first.reference, now=now)
    alone = make_draft(replace(WORDS, slug="alone", title="Alone"), now=now)
    shown = offer_families()
    assert [(each.current, each.draft) for each in shown] == [(first, draft), (alone, None)]


def test_an_offer_without_a_price_at_stripe_is_named(now: datetime) -> None:
    offer = published(WORDS, now=now)
    assert [each.reference for each in unready_offers(mode="sandbox")] == [offer.reference]


def test_seeding_publishes_the_dollar_snapshot_once(now: datetime) -> None:
    offer, is_new = seed_offer(now=now)
    assert is_new
    assert (offer.state, offer.price, offer.is_sample, offer.is_public) == (
        OfferState.PUBLISHED,
        Money(100, "USD"),
        False,
        True,
    )
    assert seed_offer(now=now) == (offer, False)
    assert Offer.objects.count() == 1


def test_seeding_finishes_what_an_interrupted_start_left(now: datetime) -> None:
    make_draft(SNAPSHOT, now=now)
    offer, is_new = seed_offer(now=now)
    assert (offer.state, is_new) == (OfferState.PUBLISHED, True)


def test_seeding_leaves_an_operators_words_alone(now: datetime) -> None:
    mine = replace(SNAPSHOT, title="My own snapshot")
    draft = make_draft(mine, now=now)
    assert seed_offer(now=now) == (draft, False)
    draft.refresh_from_db()
    assert draft.state == OfferState.DRAFT


def test_seeding_does_not_bring_a_retired_offer_back(now: datetime) -> None:
    offer, _ = seed_offer(now=now)
    retire_offer(offer.reference, actor_id=None, now=now)
    assert seed_offer(now=now) == (offer, False)
    assert not Offer.objects.filter(state=OfferState.PUBLISHED).exists()


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_two_who_publish_at_once_make_one_version(now: datetime) -> None:
    draft = make_draft(WORDS, now=now)
    start, outcomes = threading.Barrier(4), []

    def go() -> None:
        start.wait()
        try:
            publish_offer(draft.reference, seen=None, actor_id=None, now=now)
            outcomes.append("published")
        except NotADraft:
            outcomes.append("late")
        finally:
            connection.close()

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["late", "late", "late", "published"]
    assert LedgerEntry.objects.filter(event="offer.published").count() == 1
