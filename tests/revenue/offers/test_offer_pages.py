"""The operators' pages of the offers, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from django.test import Client

from kernel.money import Money
from revenue.enums import OfferState
from revenue.forms.offers import LEAST_MINOR, OfferForm
from revenue.models import Offer, OfferPrice
from revenue.operations.offers import OfferWords
from revenue.usecases.publish_offer import publish_offer
from revenue.usecases.save_offer import make_draft
from revenue.usecases.seed_offer import SNAPSHOT
from tests.factories.people import client_of, make_person

pytestmark = pytest.mark.django_db
WORDS = replace(SNAPSHOT, slug="snapshot")
TYPED = {
    "title": WORDS.title,
    "slug": WORDS.slug,
    "summary": WORDS.summary,
    "delivered": WORDS.delivered,
    "delivered_within_days": "2",
    "amount": "1.00",
    "currency": "USD",
    "refund_policy": WORDS.refund_policy,
    "is_public": "on",
}


@pytest.fixture
def operator() -> Client:
    return client_of(make_person("operator"), is_fresh=True)


def said(answer: object) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_a_draft_is_typed_saved_and_shown(operator: Client) -> None:
    answer = operator.post("/console/offers/new/", TYPED, follow=True)
    offer = Offer.objects.get()
    assert answer.redirect_chain == [(f"/console/offers/{offer.reference}/", 302)]
    assert OfferWords.of(offer) == WORDS
    assert "Nobody but the team sees it yet." in said(answer)[0]
    assert "Publish at $1.00 USD" in answer.content.decode()


def test_what_does_not_fit_is_said_and_nothing_typed_is_lost(operator: Client) -> None:
    typed = TYPED | {"amount": "1,000.555", "title": ""}
    answer = operator.post("/console/offers/new/", typed)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "Write the amount like 12.00." in page
    assert 'value="1,000.555"' in page
    assert WORDS.refund_policy.split("\n")[0] in page.replace("&#x27;", "'")
    assert not Offer.objects.exists()


def test_a_draft_can_be_changed_until_it_is_published(operator: Client, now: datetime) -> None:
    draft = make_draft(WORDS, now=now)
    address = f"/console/offers/{draft.reference}/"
    operator.post(address, TYPED | {"amount": "2.5"})
    draft.refresh_from_db()
    assert draft.price == Money(250, "USD")
    publish_offer(draft.reference, seen=None, actor_id=None, now=now)
    answer = operator.post(address, TYPED | {"amount": "3"}, follow=True)
    assert "this version is published" in said(answer)[-1]
    draft.refresh_from_db()
    assert draft.price == Money(250, "USD")


@pytest.mark.usefixtures("pages_use_outside")
def test_publishing_makes_the_price_at_stripe(operator: Client, now: datetime) -> None:
    draft = make_draft(WORDS, now=now)
    seen = OfferWords.of(draft).digest()
    answer = operator.post(
        f"/console/offers/{draft.reference}/publish/", {"seen": seen}, follow=True
    )
    assert said(answer) == ["Version 1 is on sale at $1.00 USD. Stripe knows its price."]
    price = OfferPrice.objects.get(offer=draft)
    assert price.ready_at is not None
    assert price.stripe_price_id in answer.content.decode()


@pytest.mark.usefixtures("pages_find_stripe_away")
def test_with_stripe_away_the_offer_is_published_all_the_same(
    operator: Client, now: datetime
) -> None:
    draft = make_draft(WORDS, now=now)
    answer = operator.post(
        f"/console/offers/{draft.reference}/publish/",
        {"seen": OfferWords.of(draft).digest()},
        follow=True,
    )
    draft.refresh_from_db()
    assert draft.state == OfferState.PUBLISHED
    assert "could not be made at Stripe (no_answer)" in said(answer)[0]
    page = answer.content.decode()
    assert "not ready" in page
    assert "Make the price at Stripe now" in page


def test_a_draft_that_changed_since_it_was_shown_is_not_published(
    operator: Client, now: datetime
) -> None:
    draft = make_draft(WORDS, now=now)
    answer = operator.post(
        f"/console/offers/{draft.reference}/publish/", {"seen": "0" * 32}, follow=True
    )
    assert "somebody changed the draft" in said(answer)[0]
    draft.refresh_from_db()
    assert draft.state == OfferState.DRAFT


@pytest.mark.parametrize("verb", ["publish", "retire"])
def test_publishing_and_retiring_ask_for_a_fresh_login(now: datetime, verb: str) -> None:
    stale = client_of(make_person("operator"))
    draft = make_draft(WORDS, now=now)
    answer = stale.post(f"/console/offers/{draft.reference}/{verb}/", {"seen": ""})
    assert "Confirm that it's you" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.state == OfferState.DRAFT


def test_a_new_version_retire_and_discard_from_the_page(operator: Client, now: datetime) -> None:
    draft = make_draft(WORDS, now=now)
    offer = publish_offer(draft.reference, seen=None, actor_id=None, now=now)
    answer = operator.post(f"/console/offers/{offer.reference}/version/", follow=True)
    assert said(answer) == [
        "You are writing version 2. Version 1 stays on sale until you publish it."
    ]
    second = Offer.objects.get(version=2)
    page = operator.get(f"/console/offers/{second.reference}/").content.decode()
    assert "Replaces" in page
    operator.post(f"/console/offers/{second.reference}/discard/")
    assert not Offer.objects.filter(version=2).exists()
    operator.post(f"/console/offers/{offer.reference}/retire/")
    offer.refresh_from_db()
    assert offer.state == OfferState.RETIRED


def test_the_preview_is_the_buyers_page_without_a_working_button(
    operator: Client, now: datetime
) -> None:
    draft = make_draft(WORDS, now=now)
    page = operator.get(f"/console/offers/{draft.reference}/preview/").content.decode()
    assert WORDS.title in page
    assert "Preview of version 1" in page
    assert '<button class="primary wide" disabled>' in page
    assert "<form" not in page.split("<main")[1]


def test_an_auditor_reads_and_changes_nothing(now: datetime) -> None:
    auditor = client_of(make_person("auditor"), is_fresh=True)
    draft = make_draft(WORDS, now=now)
    address = f"/console/offers/{draft.reference}/"
    page = auditor.get(address).content.decode()
    assert WORDS.title in page
    assert "Publish" not in page.split("<main")[1]
    assert auditor.post(address, TYPED).status_code == 403
    assert auditor.get("/console/offers/new/").status_code == 403
    for verb in ("publish", "version", "discard", "retire", "price"):
        assert auditor.post(f"{address}{verb}/").status_code == 403


def test_the_list_says_what_will_appear_when_there_is_nothing(operator: Client) -> None:
    page = operator.get("/console/offers/").content.decode()
    assert "Nothing is written yet." in page
    assert "Write an offer" in page


def test_an_unknown_offer_is_not_found(operator: Client) -> None:
    assert operator.get("/console/offers/off_unknown/").status_code == 404
    assert operator.post("/console/offers/off_unknown/publish/").status_code == 404


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("1", "USD", Money(100, "USD")),
        ("1.5", "USD", Money(150, "USD")),
        ("0.50", "USD", Money(50, "USD")),
        ("1500", "JPY", Money(1500, "JPY")),
        ("0.150", "KWD", Money(150, "KWD")),
        ("999999.99", "EUR", Money(99_999_999, "EUR")),
    ],
)
def test_a_price_is_read_in_its_currency(amount: str, currency: str, expected: Money) -> None:
    form = OfferForm(TYPED | {"amount": amount, "currency": currency})
    assert form.is_valid(), form.errors
    assert form.words().price == expected


@pytest.mark.parametrize(
    ("amount", "currency", "sentence"),
    [
        ("0", "USD", "The least that Stripe takes is $0.50 USD."),
        ("0.49", "USD", "The least that Stripe takes is $0.50 USD."),
        ("-1", "USD", "Write the amount like 12.00."),
        ("1.005", "USD", "Write the amount like 12.00."),
        ("1,000", "USD", "Write the amount like 12.00."),
        ("$1", "USD", "Write the amount like 12.00."),
        ("1.5", "JPY", "Write the amount like 12."),
        ("1.001", "KWD", "The last digit must be 0: Stripe rounds KWD to ten."),
        ("1000000", "USD", "The most that one payment may be is $999,999.99 USD."),
    ],
)
def test_a_price_that_cannot_be_is_refused_in_words(
    amount: str, currency: str, sentence: str
) -> None:
    form = OfferForm(TYPED | {"amount": amount, "currency": currency})
    assert form.errors["amount"] == [sentence]


def test_every_currency_on_the_list_can_be_asked_for() -> None:
    for currency, least in LEAST_MINOR.items():
        amount = Money(least, currency).decimal()
        form = OfferForm(TYPED | {"amount": amount, "currency": currency})
        assert form.is_valid(), (currency, form.errors)


def test_lines_of_spaces_are_not_delivered() -> None:
    form = OfferForm(TYPED | {"delivered": "  Two pages \n\n   \nThree actions"})
    assert form.is_valid()
    assert form.words().delivered == "Two pages\nThree actions"


def test_no_word_of_an_offer_reads_as_another(operator: Client) -> None:
    fields = ("title", "summary", "delivered", "refund_policy")
    typed = dict.fromkeys(fields, f"\u202eevil \u2066{WORDS.title}")

    operator.post("/console/offers/new/", TYPED | typed)

    offer = Offer.objects.get()
    assert {getattr(offer, name) for name in fields} == {f"evil {WORDS.title}"}


def test_a_browsers_line_ends_are_no_other_refund_policy(operator: Client, now: datetime) -> None:
    draft = make_draft(WORDS, now=now)
    offer = publish_offer(draft.reference, seen=None, actor_id=None, now=now)
    answer = operator.post(f"/console/offers/{offer.reference}/version/", follow=True)
    assert said(answer) == [
        "You are writing version 2. Version 1 stays on sale until you publish it."
    ]
    second = Offer.objects.get(version=2)
    as_typed = {name: value.replace("\n", "\r\n") for name, value in TYPED.items()}
    operator.post(f"/console/offers/{second.reference}/", as_typed | {"amount": "2"})
    second.refresh_from_db()
    assert (second.price, second.refund_policy_version) == (Money(200, "USD"), 1)
    assert OfferWords.of(second) == replace(WORDS, price=Money(200, "USD"))


def test_an_offers_page_promises_only_what_its_operator_wrote(
    operator: Client, now: datetime
) -> None:
    promised = replace(WORDS, summary="Two pages.", delivered="Two pages")
    publish_offer(make_draft(promised, now=now).reference, seen=None, actor_id=None, now=now)
    page = operator.get("/offers/snapshot/").content.decode()
    for claim in ("Checked by", "a person", "Tax included", "No subscription"):
        assert claim not in page
    assert "You pay once." in page
