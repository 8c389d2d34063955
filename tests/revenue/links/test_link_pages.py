"""Preparing a checkout or a payment link from a deal, and the pages that show them."""

from __future__ import annotations

import secrets

import pytest
from django.contrib.auth.models import User
from django.test import Client

from crm.enums import ActivityKind, DealStage
from crm.models import Activity, Deal
from ledger.models import LedgerEntry
from revenue.models import CheckoutSession, Offer, PaymentLink
from tests.factories.people import client_of, make_person
from tests.factories.revenue import NOON, OfferFactory
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages_use_outside")]


@pytest.fixture
def operator(seller: User) -> Client:
    return client_of(seller)


def form_of(offer: Offer) -> dict[str, str]:
    return {"offer": offer.reference, "form_key": secrets.token_hex(16)}


def said(answer: object) -> str:
    return " ".join(str(each) for each in answer.context["messages"])


def page_of(answer: object) -> str:
    return str(answer.content.decode().split("<main")[1])


def test_a_link_is_made_from_the_deal_and_its_page_says_what_to_send(
    operator: Client, deal: Deal, offer: Offer
) -> None:
    answer = operator.post(
        f"/console/deals/{deal.reference}/payment-link/", form_of(offer), follow=True
    )
    link = PaymentLink.objects.get()
    assert answer.redirect_chain == [(f"/console/payment-links/{link.reference}/", 302)]
    page = page_of(answer)
    assert "The payment link is ready to be sent." in page
    assert link.url in page
    assert "$1.00 USD" in page
    assert f"/console/deals/{deal.reference}/" in page


def test_a_checkout_is_prepared_and_its_page_says_until_when(
    operator: Client, deal: Deal, offer: Offer
) -> None:
    answer = operator.post(
        f"/console/deals/{deal.reference}/checkout/", form_of(offer), follow=True
    )
    checkout = CheckoutSession.objects.get()
    page = page_of(answer)
    assert answer.redirect_chain == [(f"/console/checkouts/{checkout.reference}/", 302)]
    assert "The checkout is open." in page
    assert checkout.url in page
    assert ", until " in page
    deal.refresh_from_db()
    assert deal.stage == DealStage.CHECKOUT


@pytest.mark.parametrize("what", ["payment-link", "checkout"])
def test_with_stripe_away_the_operator_is_told_that_nothing_was_prepared(
    operator: Client, deal: Deal, offer: Offer, outside: RunningSandbox, what: str
) -> None:
    outside.control("faults", effect="drop")
    answer = operator.post(f"/console/deals/{deal.reference}/{what}/", form_of(offer), follow=True)
    assert answer.redirect_chain == [(f"/console/deals/{deal.reference}/", 302)]
    assert "Nothing was prepared: Stripe could not make the price" in said(answer)


def test_an_unknown_outcome_is_said_as_such(
    operator: Client, deal: Deal, offer: Offer, outside: RunningSandbox
) -> None:
    outside.control("faults", path="/v1/payment_links", effect="drop")
    answer = operator.post(
        f"/console/deals/{deal.reference}/payment-link/", form_of(offer), follow=True
    )
    page = page_of(answer)
    assert "Stripe has not answered yet." in page
    assert "Nobody knows yet whether the link was made." in page
    PaymentLink.objects.update(next_check_at=NOON)  # its time has come
    page = page_of(operator.get(f"/console/payment-links/{PaymentLink.objects.get().reference}/"))
    assert "We ask again soon; reload this page then." in page


@pytest.mark.parametrize("what", ["payment-link", "checkout"])
def test_only_what_is_on_sale_can_be_chosen(operator: Client, deal: Deal, what: str) -> None:
    retired = OfferFactory(state="retired")
    sample = OfferFactory(is_sample=True)
    for chosen in (retired.reference, sample.reference, "off_unknown", ""):
        answer = operator.post(
            f"/console/deals/{deal.reference}/{what}/",
            {"offer": chosen, "form_key": "pressed"},
            follow=True,
        )
        assert "choose an offer that is on sale" in said(answer)
    assert not PaymentLink.objects.exists()
    assert not CheckoutSession.objects.exists()


def test_a_lead_that_nobody_accepted_is_not_for_sale(
    operator: Client, deal: Deal, offer: Offer
) -> None:
    Deal.objects.filter(pk=deal.pk).update(stage=DealStage.LEAD)
    answer = operator.post(
        f"/console/deals/{deal.reference}/payment-link/", form_of(offer), follow=True
    )
    assert "Accept the lead first" in said(answer)


def made_link(operator: Client, deal: Deal, offer: Offer) -> PaymentLink:
    operator.post(f"/console/deals/{deal.reference}/payment-link/", form_of(offer))
    return PaymentLink.objects.get()


def test_a_link_is_switched_off_from_its_page(
    operator: Client, deal: Deal, offer: Offer, outside: RunningSandbox
) -> None:
    link = made_link(operator, deal, offer)
    address = f"/console/payment-links/{link.reference}/"
    outside.control("faults", path="/v1/payment_links", effect="drop", count=1)
    answer = operator.post(f"{address}deactivate/", follow=True)
    assert "The link may still be open: press again." in said(answer)
    answer = operator.post(f"{address}deactivate/", follow=True)
    assert "Nobody can pay by it any more." in said(answer)
    assert "The link is off." in page_of(answer)


def test_a_failed_link_says_so_and_has_nothing_to_switch_off(
    operator: Client, deal: Deal, offer: Offer, outside: RunningSandbox
) -> None:
    outside.control("faults", path="/v1/payment_links", effect="status", status=402)
    link = made_link(operator, deal, offer)
    answer = operator.post(f"/console/payment-links/{link.reference}/deactivate/", follow=True)
    assert "There is nothing to switch off" in said(answer)
    assert "Stripe did not make this link" in page_of(answer)


def test_an_auditor_sees_that_there_is_a_link_but_not_its_address(
    operator: Client, deal: Deal, offer: Offer
) -> None:
    link = made_link(operator, deal, offer)
    auditor = client_of(make_person("auditor"))
    page = page_of(auditor.get(f"/console/payment-links/{link.reference}/"))
    assert "The payment link is ready" in page
    assert link.url not in page
    for address in (
        f"/console/deals/{deal.reference}/payment-link/",
        f"/console/deals/{deal.reference}/checkout/",
        f"/console/payment-links/{link.reference}/deactivate/",
    ):
        assert auditor.post(address, form_of(offer)).status_code == 403


def test_unknown_references_are_not_found(operator: Client) -> None:
    assert operator.get("/console/payment-links/plk_unknown/").status_code == 404
    assert operator.get("/console/checkouts/chk_unknown/").status_code == 404
    assert operator.post("/console/payment-links/plk_unknown/deactivate/").status_code == 404


def test_an_offer_is_saved_with_the_deal_and_nothing_is_made_at_stripe(
    operator: Client, deal: Deal, offer: Offer, outside: RunningSandbox
) -> None:
    for _ in range(2):
        answer = operator.post(
            f"/console/deals/{deal.reference}/offer/", {"offer": offer.reference}, follow=True
        )
    deal.refresh_from_db()

    assert said(answer) == f"This deal is about {offer.title}, {offer.price}."
    assert (deal.offer, deal.amount, deal.stage) == (offer, offer.price, DealStage.QUALIFIED)
    assert list(outside.client().payment_links.list().data) == []
    lines = Activity.objects.filter(deal=deal, kind=ActivityKind.OFFER_CHOSEN)
    assert [line.refs for line in lines] == [{"offer": offer.reference}]
    entries = LedgerEntry.objects.filter(event="deal.offer_chosen")
    assert [entry.subject for entry in entries] == [deal.reference]


def test_no_offer_is_saved_with_a_deal_that_is_not_for_sale(
    operator: Client, deal: Deal, offer: Offer
) -> None:
    Deal.objects.filter(pk=deal.pk).update(stage=DealStage.LEAD)

    answer = operator.post(
        f"/console/deals/{deal.reference}/offer/", {"offer": offer.reference}, follow=True
    )

    assert "Accept the lead first" in said(answer)
    assert Deal.objects.get(pk=deal.pk).offer is None
    assert "choose an offer that is on sale" in said(
        operator.post(f"/console/deals/{deal.reference}/offer/", {"offer": "no"}, follow=True)
    )
