"""A press of *Pay* that Stripe answers too late, or with an error: nothing is charged twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from revenue import providers
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import CheckoutState, OfferState
from revenue.exchanges.checkouts import sweep_checkouts
from revenue.models import CheckoutSession, Offer
from tests.outside import lose_next_answer
from tests.revenue.buying.conftest import SESSIONS, later, press_buy, ticket_of
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pages_use_outside")]


def test_stripe_refusing_connections_says_that_nothing_was_charged(
    offer: Offer, buyer: Client, settings: Any
) -> None:
    ticket = ticket_of(buyer)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    providers._gateway.cache_clear()

    answer = press_buy(buyer, ticket)

    assert answer.status_code == 503
    assert "Nothing was charged" in answer.content.decode()
    assert Offer.objects.get().state == OfferState.PUBLISHED


def test_stripe_answering_too_late_is_unknown_and_the_sweep_finds_the_session(
    offer: Offer, buyer: Client, outside: RunningSandbox, gateway: StripeGateway
) -> None:
    press_buy(buyer, ticket_of(buyer))  # the price is made at Stripe
    lose_next_answer(outside, SESSIONS)

    answer = press_buy(buyer, ticket_of(buyer))
    lost = CheckoutSession.objects.order_by("-id")[0]
    page = buyer.get(answer["Location"]).content.decode()
    state_before = lost.state
    sweep_checkouts(gateway=gateway, clock=later(1))
    lost.refresh_from_db()

    assert (answer.status_code, state_before) == (302, CheckoutState.UNKNOWN)
    assert "Nothing has been charged" in page
    assert lost.state == CheckoutState.OPEN
    assert lost.stripe_id


def test_after_a_500_the_sweep_looks_before_it_repeats(
    offer: Offer, buyer: Client, outside: RunningSandbox, gateway: StripeGateway
) -> None:
    press_buy(buyer, ticket_of(buyer))
    outside.control("faults", effect="status", status=500, path=SESSIONS, method="POST", count=1)
    press_buy(buyer, ticket_of(buyer))
    lost = CheckoutSession.objects.order_by("-id")[0]

    sweep_checkouts(gateway=gateway, clock=later(1))

    lost.refresh_from_db()
    assert (lost.state, lost.last_error) == (CheckoutState.FAILED, "never_made")


def test_a_session_that_was_abandoned_unknown_is_expired_at_stripe(
    offer: Offer, buyer: Client, outside: RunningSandbox, gateway: StripeGateway
) -> None:
    press_buy(buyer, ticket_of(buyer))
    lose_next_answer(outside, SESSIONS)
    press_buy(buyer, ticket_of(buyer))
    lost = CheckoutSession.objects.order_by("-id")[0]

    sweep_checkouts(gateway=gateway, clock=later(45))

    lost.refresh_from_db()
    assert lost.state == CheckoutState.EXPIRED
    assert gateway.read_session(lost.stripe_id or "").status == "expired"
