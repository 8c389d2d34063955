"""From the offer page to Stripe's page and back, against a real sandbox process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from revenue import providers
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import CheckoutState, OfferState
from revenue.exchanges.checkouts import sweep_checkouts
from revenue.models import CheckoutSession, Offer, Order, OrderLink
from revenue.ports import SessionFact
from revenue.usecases.revoke_order_links import revoke_order_links
from tests.factories.revenue import CheckoutFactory, OfferFactory
from tests.revenue.buying.conftest import SESSIONS, later, now, press_buy, ticket_of
from tests.sandbox.running_sandbox import RunningSandbox
from trinity.asgi import is_purchase

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pages_use_outside")]


def test_buy_hands_over_to_the_payment_page(offer: Offer, buyer: Client, outside: Any) -> None:
    answer = press_buy(buyer, ticket_of(buyer))

    checkout = CheckoutSession.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, checkout.url)
    assert checkout.url.startswith(outside.base)
    assert (checkout.state, checkout.price) == (CheckoutState.OPEN, offer.price)
    assert checkout.entry_page == "/offers/snapshot/"
    assert checkout.handed_off_at is not None
    assert checkout.parameters["client_reference_id"] == checkout.reference


def test_who_presses_pay_needs_no_place_of_those_who_look_something_up(
    offer: Offer, buyer: Client
) -> None:
    ticket = ticket_of(buyer)

    with providers.one_web_call(), providers.one_web_call():
        answer = press_buy(buyer, ticket)

    assert (answer.status_code, answer["Location"]) == (303, CheckoutSession.objects.get().url)


def test_pressing_pay_is_served_by_threads_of_its_own() -> None:
    assert is_purchase({"raw_path": reverse("buy", args=["snapshot"]).encode()})
    assert not is_purchase({"raw_path": reverse("offer", args=["snapshot"]).encode()})


def test_who_waits_for_stripe_holds_no_connection(
    offer: Offer, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    ask = StripeGateway.open_checkout

    def asked(self: StripeGateway, **what: Any) -> SessionFact:
        held.append(connection.connection is not None)
        return ask(self, **what)

    monkeypatch.setattr(StripeGateway, "open_checkout", asked)
    press_buy(Client(), ticket_of(Client()))

    assert held == [False]


def test_pressing_twice_is_one_session(offer: Offer, buyer: Client) -> None:
    ticket = ticket_of(buyer)

    first, second = press_buy(buyer, ticket), press_buy(buyer, ticket)

    assert first["Location"] == second["Location"]
    assert CheckoutSession.objects.count() == 1


def test_paying_and_coming_back_shows_the_order(
    offer: Offer, buyer: Client, outside: RunningSandbox
) -> None:
    press_buy(buyer, ticket_of(buyer))
    checkout = CheckoutSession.objects.get()
    outside.control("pay", session=checkout.stripe_id, card="4242424242424242", email="a@b.example")

    back = buyer.get(f"/return/?session_id={checkout.stripe_id}", follow=True)

    order = Order.objects.get()
    assert order.state == "paid"
    assert back.redirect_chain[-1][0] == f"/order/{order.reference}/"
    assert back.status_code == 200
    assert checkout.stripe_id not in back.request["PATH_INFO"] + back.request["QUERY_STRING"]


def test_coming_back_needs_no_second_link(offer: Offer, buyer: Client) -> None:
    press_buy(buyer, ticket_of(buyer))
    address = f"/return/?session_id={CheckoutSession.objects.get().stripe_id}"

    buyer.get(address)
    assert OrderLink.objects.count() == 1
    elsewhere = Client()
    assert elsewhere.get(address, follow=True).status_code == 200
    elsewhere.get(address)
    assert OrderLink.objects.count() == 2


def test_links_that_were_taken_back_do_not_come_back(
    offer: Offer, buyer: Client, outside: RunningSandbox
) -> None:
    ticket = ticket_of(buyer)
    press_buy(buyer, ticket)
    checkout = CheckoutSession.objects.get()
    outside.control("pay", session=checkout.stripe_id, card="4242424242424242", email="a@b.example")
    address = f"/return/?session_id={checkout.stripe_id}"
    assert buyer.get(address, follow=True).status_code == 200
    order = Order.objects.get()
    revoke_order_links(order_ref=order.reference, actor_id=None, now=now())

    for browser in (buyer, Client()):
        refused = browser.get(address, follow=True)
        assert refused.status_code == 403
        assert "Send me my order link" in refused.content.decode()
        press_buy(browser, ticket)
        assert browser.get(f"/order/{order.reference}/receipt/").status_code == 403
    assert not OrderLink.objects.filter(revoked_at=None).exists()


def test_only_the_buyer_can_leave_stripes_page_and_only_while_it_is_open(
    offer: Offer, buyer: Client, outside: RunningSandbox
) -> None:
    press_buy(buyer, ticket_of(buyer))
    checkout = CheckoutSession.objects.get()
    left = f"/checkout/{checkout.reference}/cancelled/"

    def left_at() -> datetime | None:
        checkout.refresh_from_db()
        return checkout.cancelled_at

    assert Client().get(left).status_code == 200
    assert left_at() is None
    outside.control("pay", session=checkout.stripe_id, card="4242424242424242", email="a@b.example")
    buyer.get(f"/return/?session_id={checkout.stripe_id}", follow=True)
    buyer.get(left)
    assert left_at() is None


def test_coming_back_while_stripe_is_away_says_that_nothing_is_known(
    offer: Offer, buyer: Client, outside: RunningSandbox
) -> None:
    press_buy(buyer, ticket_of(buyer))
    checkout = CheckoutSession.objects.get()
    outside.control("faults", effect="status", status=500, path=SESSIONS, method="GET")

    page = buyer.get(f"/return/?session_id={checkout.stripe_id}", follow=True).content.decode()

    assert "We are confirming your payment" in page
    assert not Order.objects.exists()


def test_coming_back_before_paying_says_what_stripe_says(offer: Offer, buyer: Client) -> None:
    press_buy(buyer, ticket_of(buyer))
    checkout = CheckoutSession.objects.get()

    page = buyer.get(f"/return/?session_id={checkout.stripe_id}", follow=True).content.decode()

    assert "You have not paid yet. Nothing was charged." in page
    assert f'href="{checkout.url}"' in page
    assert "pay again" not in page
    assert f'hx-get="/checkout/{checkout.reference}/"' in page  # it may be paid at any moment
    assert not Order.objects.exists()


def test_another_browser_sees_nothing(offer: Offer, buyer: Client) -> None:
    press_buy(buyer, ticket_of(buyer))
    checkout = CheckoutSession.objects.get()

    stranger = Client().get(f"/checkout/{checkout.reference}/")

    assert stranger.status_code == 403
    assert checkout.url not in stranger.content.decode()


def test_nobody_is_asked_about_a_made_up_session_while_no_link_is_out(buyer: Client) -> None:
    answer = buyer.get("/return/", {"session_id": "cs_test_unknown"})

    assert (answer.status_code, answer["Refresh"]) == (503, "5")
    assert "We are confirming your payment." in answer.content.decode()
    assert not CheckoutSession.objects.exists()


@pytest.mark.parametrize("session_id", ["", "' OR 1=1 --", "x" * 5000])
def test_what_is_no_session_is_not_found(session_id: str, buyer: Client) -> None:
    answer = buyer.get("/return/", {"session_id": session_id})

    assert answer.status_code == 404
    assert not CheckoutSession.objects.exists()


def test_a_stale_form_asks_again(offer: Offer, buyer: Client) -> None:
    answer = press_buy(buyer, "forged")

    assert answer.status_code == 400
    assert "Nothing was charged" in answer.content.decode()
    assert not CheckoutSession.objects.exists()


def test_a_form_of_an_older_version_shows_the_new_one(offer: Offer, buyer: Client) -> None:
    ticket = ticket_of(buyer)
    Offer.objects.filter(pk=offer.pk).update(retired_at=now())
    offer.move(OfferState.RETIRED)
    OfferFactory(slug="snapshot", version=2, amount_minor=200)

    answer = press_buy(buyer, ticket)

    assert answer.status_code == 409
    assert "This offer has changed" in answer.content.decode()
    assert not CheckoutSession.objects.exists()


def test_leaving_the_payment_page_says_that_nothing_was_charged(
    offer: Offer, buyer: Client
) -> None:
    press_buy(buyer, ticket_of(buyer))
    checkout = CheckoutSession.objects.get()

    page = buyer.get(f"/checkout/{checkout.reference}/cancelled/")
    checkout.refresh_from_db()

    assert "Nothing was charged" in page.content.decode()
    assert checkout.cancelled_at is not None
    assert checkout.state == CheckoutState.OPEN


def test_a_retired_offer_and_sample_offers_are_not_on_sale(buyer: Client) -> None:
    OfferFactory(slug="sample", title="Sample thing", is_sample=True)

    assert buyer.get("/offers/sample/").status_code == 404
    assert buyer.get("/offers/none/").status_code == 404
    assert "Sample thing" not in buyer.get("/").content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_was_taken_off_sale_says_so(offer: Offer, buyer: Client, method: str) -> None:
    ticket = ticket_of(buyer)
    offer.move(OfferState.RETIRED, retired_at=now())

    answer = buyer.get("/offers/snapshot/") if method == "get" else press_buy(buyer, ticket)

    assert answer.status_code == 410
    assert f"{offer.title} is no longer on sale." in answer.content.decode()
    assert not CheckoutSession.objects.exists()


def test_the_link_of_the_browser_that_pays_says_so(offer: Offer, buyer: Client) -> None:
    press_buy(buyer, ticket_of(buyer))

    assert [link.made_for for link in OrderLink.objects.all()] == ["paying"]


def test_opening_the_address_of_the_buy_button_leads_to_the_offer(
    offer: Offer, buyer: Client
) -> None:
    answer = buyer.get("/offers/snapshot/buy/")

    assert (answer.status_code, answer["Location"]) == (302, "/offers/snapshot/")


def test_the_offers_are_marked_in_the_masthead(offer: Offer, buyer: Client) -> None:
    for address in ("/", "/offers/snapshot/"):
        assert '<a href="/" aria-current="true">Offers</a>' in buyer.get(address).content.decode()


def test_an_expired_session_is_closed_by_the_sweep(gateway: StripeGateway, offer: Offer) -> None:
    gone = CheckoutFactory(offer=offer, stripe_id="cs_test_unknownatstripe00", next_check_at=now())

    sweep_checkouts(gateway=gateway, clock=later(0))

    gone.refresh_from_db()
    assert (gone.state, gone.last_error) == (CheckoutState.OPEN, "resource_missing")
    assert gone.next_check_at is None
