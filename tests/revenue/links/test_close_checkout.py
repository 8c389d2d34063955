"""Closing an open checkout of a deal, so that nobody can pay it any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from crm.models import Activity, Deal
from ledger.models import LedgerEntry
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import CheckoutState, Source
from revenue.exchanges.checkouts import sweep_checkouts
from revenue.models import CheckoutSession, Offer, Order
from revenue.ports import GatewayUnknown
from revenue.usecases.close_checkout import CheckoutNotOpen, close_checkout
from revenue.usecases.open_checkout import prepare_checkout
from tests.factories.people import client_of, make_person
from tests.factories.revenue import CheckoutFactory
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages_use_outside")]
Close = Callable[[], CheckoutSession]


def moment() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def checkout(deal: Deal, offer: Offer, seller: User, gateway: StripeGateway) -> CheckoutSession:
    """A checkout that was prepared from a deal, open at Stripe."""
    made = prepare_checkout(
        offer=offer,
        deal_ref=deal.reference,
        form_key="pressed once",
        actor_id=seller.pk,
        gateway=gateway,
        now=moment(),
    )
    assert made.state == CheckoutState.OPEN
    return made


@pytest.fixture
def close(checkout: CheckoutSession, seller: User, gateway: StripeGateway) -> Close:
    def call() -> CheckoutSession:
        return close_checkout(checkout.reference, actor_id=seller.pk, gateway=gateway, now=moment())

    return call


def at_stripe(outside: RunningSandbox, checkout: CheckoutSession) -> str:
    return str(outside.client().checkout.sessions.retrieve(checkout.stripe_id).status)


def press(browser: Client, checkout: CheckoutSession) -> str:
    answer = browser.post(f"/console/checkouts/{checkout.reference}/close/", follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_operator_closes_it_at_stripe_and_here(
    seller: User, checkout: CheckoutSession, outside: RunningSandbox
) -> None:
    browser = client_of(seller)
    for address in (f"checkouts/{checkout.reference}", f"deals/{checkout.deal.reference}"):
        assert "Close this checkout" in browser.get(f"/console/{address}/").content.decode()

    page = press(browser, checkout)

    assert "The checkout was closed; nothing was charged." in page
    assert f"{seller.email} closed it" in page
    assert "Close this checkout" not in page
    assert at_stripe(outside, checkout) == "expired"
    checkout.refresh_from_db()
    assert (checkout.state, checkout.next_check_at) == (CheckoutState.EXPIRED, None)


def test_who_closed_it_is_in_the_ledger_and_on_the_deal(
    close: Close, seller: User, deal: Deal, checkout: CheckoutSession
) -> None:
    close()

    entry = LedgerEntry.objects.get(event="checkout.close_asked")
    assert (entry.subject, entry.facts["actor"]) == (checkout.reference, f"user:{seller.pk}")
    line = Activity.objects.get(deal=deal, kind="checkout_expired")
    assert line.actor_id == seller.pk


def test_a_payment_that_came_meanwhile_wins(
    close: Close, checkout: CheckoutSession, outside: RunningSandbox
) -> None:
    outside.pay(str(checkout.stripe_id))

    closed = close()

    assert closed.state == CheckoutState.COMPLETE
    order = Order.objects.get(checkout=closed)
    assert order.state == "paid"
    assert order.revenue_events.get().source == Source.ANSWER


def test_a_payment_that_came_meanwhile_brings_its_card(
    close: Close, checkout: CheckoutSession, outside: RunningSandbox, settings: Any
) -> None:
    settings.COMPARE_CARD_FINGERPRINTS = True
    outside.pay(str(checkout.stripe_id))

    close()

    assert Order.objects.get(checkout=checkout).card_digest


@pytest.mark.parametrize("effect", [{"effect": "drop"}, {"effect": "status", "status": 500}])
def test_with_no_answer_the_sweep_goes_on_until_it_is_closed(
    close: Close,
    checkout: CheckoutSession,
    outside: RunningSandbox,
    gateway: StripeGateway,
    effect: dict[str, object],
) -> None:
    path = f"/v1/checkout/sessions/{checkout.stripe_id}/expire"
    outside.control("faults", path=path, method="POST", count=1, **effect)
    with pytest.raises(GatewayUnknown):
        close()
    checkout.refresh_from_db()
    assert checkout.state == CheckoutState.OPEN
    assert checkout.next_check_at is not None

    sweep_checkouts(gateway=gateway, clock=lambda: moment() + timedelta(minutes=1))

    checkout.refresh_from_db()
    assert (checkout.state, at_stripe(outside, checkout)) == (CheckoutState.EXPIRED, "expired")
    assert LedgerEntry.objects.filter(event="checkout.close_asked").count() == 1


def test_the_page_says_that_nobody_knows_yet(
    seller: User, checkout: CheckoutSession, outside: RunningSandbox
) -> None:
    path = f"/v1/checkout/sessions/{checkout.stripe_id}/expire"
    outside.control("faults", path=path, method="POST", effect="status", status=500, count=9)
    browser = client_of(seller)

    page = press(browser, checkout)

    assert "Stripe did not say that it is closed" in page
    assert "It may still be paid." in page
    outside.clear_faults()
    assert "The checkout was closed; nothing was charged." in press(browser, checkout)


def test_an_open_checkout_that_nobody_closes_stays_open_in_the_sweep(
    checkout: CheckoutSession, gateway: StripeGateway, outside: RunningSandbox
) -> None:
    CheckoutSession.objects.update(next_check_at=moment())

    assert sweep_checkouts(gateway=gateway, clock=moment) == 1

    checkout.refresh_from_db()
    assert (checkout.state, at_stripe(outside, checkout)) == (CheckoutState.OPEN, "open")


def test_what_is_not_open_is_not_closed(close: Close, seller: User) -> None:
    close()

    with pytest.raises(CheckoutNotOpen):
        close()
    visitors = CheckoutFactory(stripe_id="cs_test_visitor", state="open")
    page = press(client_of(seller), visitors)
    assert "There is nothing to close: this checkout takes no payment." in page


def test_an_auditor_closes_nothing(checkout: CheckoutSession) -> None:
    auditor = client_of(make_person("auditor"))
    address = f"/console/checkouts/{checkout.reference}/"

    assert "Close this checkout" not in auditor.get(address).content.decode()
    assert auditor.post(f"{address}close/").status_code == 403
