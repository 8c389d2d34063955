"""A price that Stripe archived or does not know any more is made anew, and said."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from crm.models import Deal
from notices.models import OperatorAlert
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import AlertKind, CheckoutState, PaymentLinkState
from revenue.exchanges.prices import ensure_price, look_after_price, sweep_prices
from revenue.models import CheckoutSession, Offer, OfferPrice, PaymentLink
from revenue.ports import GatewayRefused
from revenue.queries.offers import links_on_old_prices
from revenue.usecases.make_payment_link import make_payment_link
from revenue.usecases.open_checkout import buy, prepare_checkout
from tests.factories.people import client_of
from tests.factories.revenue import OfferFactory
from tests.sandbox.running_sandbox import RunningSandbox
from trinity.doctor.findings import Level
from trinity.doctor.selling import look_at_prices

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pages_use_outside")]
TROUBLES = ["archived", "forgotten", "product archived", "both forgotten"]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def price(offer: Offer, gateway: StripeGateway) -> OfferPrice:
    return ensure_price(offer=offer, mode="sandbox", gateway=gateway, now=now())


def trouble(outside: RunningSandbox, price: OfferPrice, what: str) -> None:
    stripe_v1 = outside.client()
    if what == "archived":
        stripe_v1.prices.update(price.stripe_price_id, {"active": False})
    if what == "product archived":
        stripe_v1.products.update(price.stripe_product_id, {"active": False})
    if what in ("forgotten", "both forgotten"):
        outside.control("forget", id=price.stripe_price_id, object="price")
    if what == "both forgotten":
        outside.control("forget", id=price.stripe_product_id, object="product")


def press(offer: Offer, gateway: StripeGateway, *, key: str = "k") -> CheckoutSession:
    return buy(
        offer=offer,
        buy_key=key,
        trace_ref="trc_01k9aaaaaaaaaaaaaaaaaaaaaa",
        entry_page="",
        gateway=gateway,
        now=now(),
    )


@pytest.mark.parametrize("what", TROUBLES)
def test_pay_works_again_at_once_and_nobody_is_alarmed(
    outside: RunningSandbox, gateway: StripeGateway, offer: Offer, price: OfferPrice, what: str
) -> None:
    trouble(outside, price, what)

    first, again = press(offer, gateway), press(offer, gateway)
    other = press(offer, gateway, key="another buyer's")

    assert (first.state, other.state) == (CheckoutState.OPEN, CheckoutState.OPEN)
    assert again == first  # pressed twice is one page
    assert CheckoutSession.objects.filter(state=CheckoutState.OPEN).count() == 2
    assert not OperatorAlert.objects.exists()
    price.refresh_from_db()
    assert (price.times_renewed, price.ready_at is not None) == (1, True)
    assert look_after_price(
        offer=offer, mode="sandbox", gateway=gateway, now=now()
    ).times_renewed == 1  # fmt: skip


def test_what_stays_refused_is_told_once_more_and_ends(
    outside: RunningSandbox, gateway: StripeGateway, offer: Offer, price: OfferPrice
) -> None:
    trouble(outside, price, "archived")
    outside.control(
        "faults", path="/v1/prices", method="POST", effect="status", status=400, count=9
    )

    with pytest.raises(GatewayRefused):
        press(offer, gateway)
    assert [alert.kind for alert in OperatorAlert.objects.all()] == ["checkout_refused"]

    outside.clear_faults()
    assert press(offer, gateway, key="next").state == CheckoutState.OPEN


@pytest.mark.parametrize("what", TROUBLES)
def test_a_checkout_or_link_for_a_deal_is_made_all_the_same(
    outside: RunningSandbox,
    gateway: StripeGateway,
    offer: Offer,
    price: OfferPrice,
    deal: Deal,
    seller: User,
    what: str,
) -> None:
    asked: dict[str, Any] = {
        "offer": offer, "deal_ref": deal.reference, "form_key": "f", "actor_id": seller.pk,
        "gateway": gateway, "now": now(),
    }  # fmt: skip
    trouble(outside, price, what)
    assert prepare_checkout(**asked).state == CheckoutState.OPEN

    price.refresh_from_db()
    trouble(outside, price, what)
    made = make_payment_link(**asked | {"now": now()})
    again = make_payment_link(**asked | {"now": now()})

    assert (made.state, again) == (PaymentLinkState.ACTIVE, made)
    price.refresh_from_db()
    assert price.times_renewed == 2


@pytest.fixture
def old_link(
    outside: RunningSandbox,
    gateway: StripeGateway,
    offer: Offer,
    price: OfferPrice,
    deal: Deal,
    seller: User,
) -> PaymentLink:
    link = make_payment_link(
        offer=offer, deal_ref=deal.reference, form_key="f", actor_id=seller.pk,
        gateway=gateway, now=now(),
    )  # fmt: skip
    trouble(outside, price, "archived")
    return link


def test_doctor_says_so_and_what_to_do(
    gateway: StripeGateway, offer: Offer, old_link: PaymentLink
) -> None:
    [found] = look_at_prices(gateway)
    assert (found.level, found.what) == (Level.BAD, "price")
    assert "has archived" in found.words
    assert offer.slug in found.words

    press(offer, gateway)
    [found] = look_at_prices(gateway)
    assert (found.level, found.what) == (Level.WARN, "payment links")
    assert old_link.reference in found.words


def test_doctor_has_nothing_to_say_of_a_price_in_order(
    gateway: StripeGateway, price: OfferPrice
) -> None:
    assert list(look_at_prices(gateway)) == []


def test_the_offers_page_says_so_and_an_old_link_is_made_anew(
    gateway: StripeGateway, offer: Offer, old_link: PaymentLink, seller: User
) -> None:
    browser = client_of(seller, is_fresh=True)
    page = f"/console/offers/{offer.reference}/"
    assert "Made anew" not in browser.get(page).content.decode()

    browser.post(f"{page}price/")  # "Ask Stripe about the price"

    content = browser.get(page).content.decode()
    assert "Stripe had archived the price" in content
    assert old_link.reference in content
    link_page = f"/console/payment-links/{old_link.reference}/"
    assert "Nobody can pay by this link" in browser.get(link_page).content.decode()
    answer = browser.post(f"{link_page}anew/")
    made = PaymentLink.objects.exclude(pk=old_link.pk).get()
    assert answer.headers["Location"] == f"/console/payment-links/{made.reference}/"
    old_link.refresh_from_db()
    assert (old_link.state, made.state) == (PaymentLinkState.DEACTIVATED, PaymentLinkState.ACTIVE)
    assert made.deal_id == old_link.deal_id
    assert links_on_old_prices(mode="sandbox") == []
    shown = browser.get(f"/console/payment-links/{made.reference}/").content.decode()
    assert "Nobody can pay by this link" not in shown


def test_a_visitor_who_pays_notices_nothing(
    outside: RunningSandbox, offer: Offer, price: OfferPrice
) -> None:
    trouble(outside, price, "archived")
    visitor = Client()
    page = visitor.get(f"/offers/{offer.slug}/").content.decode()
    ticket = re.search(r'name="ticket" value="([^"]+)"', page)
    assert ticket is not None

    answer = visitor.post(f"/offers/{offer.slug}/buy/", {"ticket": ticket[1]}, follow=False)

    assert answer.status_code in (302, 303)
    assert outside.base in answer.headers["Location"]


def sweep(gateway: StripeGateway, **more: Any) -> int:
    return sweep_prices(gateway=gateway, clock=now, **more)


@pytest.mark.parametrize("what", TROUBLES)
def test_a_sweep_makes_it_anew_before_a_buyer_finds_out(
    outside: RunningSandbox, gateway: StripeGateway, offer: Offer, price: OfferPrice, what: str
) -> None:
    trouble(outside, price, what)

    asked = [sweep(gateway), sweep(gateway)]

    price.refresh_from_db()
    assert (asked, price.times_renewed, price.asked_at is not None) == ([1, 1], 1, True)
    assert list(look_at_prices(gateway)) == []
    assert press(offer, gateway).state == CheckoutState.OPEN
    assert not OperatorAlert.objects.exists()


def test_a_sweep_tells_operators_once_of_links_that_nobody_can_pay_by(
    gateway: StripeGateway, offer: Offer, old_link: PaymentLink, seller: User
) -> None:
    sweep(gateway)
    sweep(gateway)

    alert = OperatorAlert.objects.get()
    assert (alert.kind, alert.subject, alert.facts) == (
        AlertKind.LINKS_UNPAYABLE, offer.reference, {"links": 1},
    )  # fmt: skip
    assert (
        old_link.reference
        in client_of(seller).get(alert.of_kind.address_of(alert.matter)).content.decode()
    )


def test_a_sweep_asks_about_the_longest_unasked_first_and_no_more_than_it_may(
    gateway: StripeGateway, offer: Offer, price: OfferPrice
) -> None:
    other = ensure_price(offer=OfferFactory(), mode="sandbox", gateway=gateway, now=now())

    assert [sweep(gateway, limit=1), sweep(gateway, limit=1)] == [1, 1]

    for each in (price, other):
        each.refresh_from_db()
        assert each.asked_at is not None


def test_a_price_that_stripe_never_answers_about_holds_up_no_other(
    outside: RunningSandbox, gateway: StripeGateway, offer: Offer, price: OfferPrice
) -> None:
    other = ensure_price(offer=OfferFactory(), mode="sandbox", gateway=gateway, now=now())
    path = f"/v1/prices/{price.stripe_price_id}"
    outside.control("faults", path=path, effect="status", status=500, count=99)
    trouble(outside, other, "archived")

    assert [sweep(gateway), sweep(gateway)] == [0, 1]

    other.refresh_from_db()
    assert other.times_renewed == 1


def test_a_price_that_could_not_be_made_anew_at_once_is_made_by_the_next_sweep(
    outside: RunningSandbox, gateway: StripeGateway, offer: Offer, price: OfferPrice
) -> None:
    trouble(outside, price, "archived")
    outside.control("faults", path="/v1/prices", method="POST", effect="drop", count=9)
    assert sweep(gateway) == 0
    outside.clear_faults()

    assert sweep(gateway) == 1

    price.refresh_from_db()
    assert (price.times_renewed, price.ready_at is not None) == (1, True)


def test_a_sweep_that_stripe_refuses_tells_operators_and_one_that_it_leaves_alone_goes_on_later(
    outside: RunningSandbox, gateway: StripeGateway, offer: Offer, price: OfferPrice
) -> None:
    fault = {"path": "/v1/prices", "effect": "status", "count": 9}
    outside.control("faults", **fault, method="GET", status=500)
    assert sweep(gateway) == 0
    assert not OperatorAlert.objects.exists()
    outside.clear_faults()

    trouble(outside, price, "archived")
    outside.control(
        "faults", path="/v1/prices", method="POST", effect="status", status=400, count=9
    )
    assert sweep(gateway) == 1
    assert [alert.kind for alert in OperatorAlert.objects.all()] == ["checkout_refused"]
