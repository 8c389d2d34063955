"""A session that Stripe refuses: nobody was handed over, and operators hear of it once."""

from __future__ import annotations

import pytest
from django.test import Client

from notices.models import OperatorAlert
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import AlertKind, CheckoutState
from revenue.exchanges.checkouts import sweep_checkouts
from revenue.models import CheckoutSession, Offer
from tests.factories.people import client_of, make_person
from tests.outside import lose_next_answer
from tests.revenue.buying.conftest import SESSIONS, later, press_buy, ticket_of
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pages_use_outside")]


def test_a_refused_session_was_handed_to_nobody_and_did_not_expire(
    offer: Offer, buyer: Client, outside: RunningSandbox
) -> None:
    press_buy(buyer, ticket_of(buyer))  # the price is made at Stripe
    outside.control("faults", effect="status", status=400, path=SESSIONS, method="POST", count=1)

    page = buyer.get(press_buy(buyer, ticket_of(buyer))["Location"])

    refused = CheckoutSession.objects.order_by("-id")[0]
    assert (refused.state, refused.handed_off_at) == (CheckoutState.FAILED, None)
    assert refused.expired_at is None
    assert "could not be opened. Nothing was charged" in page.content.decode()
    assert "We have been told" in page.content.decode()


def alerts_of_refusals() -> list[str]:
    alerts = OperatorAlert.objects.filter(kind=AlertKind.CHECKOUT_REFUSED, closed_at=None)
    return list(alerts.values_list("subject", flat=True))


def test_operators_are_told_once_that_stripe_refuses_an_offer(
    offer: Offer, buyer: Client, outside: RunningSandbox
) -> None:
    press_buy(buyer, ticket_of(buyer))  # the price is made at Stripe
    outside.control("faults", effect="status", status=400, path=SESSIONS, method="POST", count=2)

    for _ in range(2):
        press_buy(buyer, ticket_of(buyer))

    assert alerts_of_refusals() == [offer.reference]
    owner = client_of(make_person("owner"))
    page = owner.get("/console/").content.decode()
    assert f"/console/offers/{offer.reference}/" in page
    assert "Stripe refused to open a payment page" in page


def test_they_are_told_when_it_is_the_price_that_stripe_refuses(
    offer: Offer, buyer: Client, outside: RunningSandbox
) -> None:
    outside.control("faults", effect="status", status=401, path="/v1/products", count=9)

    answer = press_buy(buyer, ticket_of(buyer))

    assert answer.status_code == 503
    assert "We have been told" in answer.content.decode()
    assert alerts_of_refusals() == [offer.reference]


def test_they_are_told_when_only_the_sweep_hears_of_the_refusal(
    offer: Offer, buyer: Client, outside: RunningSandbox, gateway: StripeGateway
) -> None:
    press_buy(buyer, ticket_of(buyer))
    outside.control("faults", effect="drop", path=SESSIONS, method="POST", count=9)
    press_buy(buyer, ticket_of(buyer))
    assert alerts_of_refusals() == []
    outside.clear_faults()
    outside.control("faults", effect="status", status=400, path=SESSIONS, method="POST", count=1)

    sweep_checkouts(gateway=gateway, clock=later(1))

    assert alerts_of_refusals() == [offer.reference]


def test_what_was_never_made_was_refused_by_nobody(offer: Offer, buyer: Client) -> None:
    press_buy(buyer, ticket_of(buyer))
    CheckoutSession.objects.update(state="failed", last_error="never_made")

    page = buyer.get(f"/checkout/{CheckoutSession.objects.get().reference}/").content.decode()

    assert "does not know of it" in page
    assert "We have been told" not in page


def test_whoever_waits_for_the_payment_page_was_not_handed_over(
    offer: Offer, buyer: Client, outside: RunningSandbox, gateway: StripeGateway
) -> None:
    press_buy(buyer, ticket_of(buyer))
    lose_next_answer(outside, SESSIONS)
    press_buy(buyer, ticket_of(buyer))

    sweep_checkouts(gateway=gateway, clock=later(1))

    found = CheckoutSession.objects.order_by("-id")[0]
    assert (found.state, found.handed_off_at) == (CheckoutState.OPEN, None)
