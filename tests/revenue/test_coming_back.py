"""Back from Stripe's page: the return page says what is known, and to whom."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from revenue import providers
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import PaymentLinkState
from revenue.models import CheckoutSession, Order, OrderLink, PaymentLink
from revenue.ports import SessionFact
from revenue.usecases import return_from_checkout as landing
from revenue.usecases.return_from_checkout import (
    NoSuchCheckout,
    SessionUnconfirmed,
    return_from_checkout,
)
from tests.factories.crm import DealFactory
from tests.factories.revenue import CheckoutFactory, OfferFactory
from tests.outside import _outside, gateway, outside, pages_find_stripe_away, pages_use_outside
from tests.sandbox.running_sandbox import RunningSandbox

__all__ = ["_outside", "gateway", "outside", "pages_find_stripe_away", "pages_use_outside"]

pytestmark = pytest.mark.django_db(transaction=True)
SILENCES = (
    {"effect": "drop"},
    {"effect": "status", "status": 500},
    {"effect": "status", "status": 429},
    {"effect": "status", "status": 401},
)


@pytest.fixture
def link_out() -> PaymentLink:
    """A payment link that anybody who has it may pay by."""
    deal = DealFactory()
    return PaymentLink.objects.create(
        reference="plnk_00000000000000000000000001",
        mode="sandbox",
        state=PaymentLinkState.ACTIVE,
        offer=OfferFactory(),
        deal=deal,
        trace_ref=deal.trace_ref,
        amount_minor=100,
        currency="USD",
        stripe_id="plink_out",
        url="https://buy.example/plink_out",
        parameters={},
        created_at=datetime.now(UTC),
    )


class Asked(StripeGateway):
    """Our adapter, which counts how often it was asked for a session."""

    def __init__(self, gateway: StripeGateway) -> None:
        self.__dict__.update(gateway.__dict__)
        self.times = 0

    def read_session(self, session_id: str) -> SessionFact:
        self.times += 1
        return super().read_session(session_id)


@pytest.fixture
def paid_unseen(outside: RunningSandbox, pages_use_outside: None, link_out: PaymentLink) -> str:
    """A session that was paid at Stripe before we ever heard of it, as a payment link makes it."""
    session = outside.open_session()
    outside.pay(session.id, email="ada@buyer.example")
    return str(session.id)


@pytest.mark.parametrize("silence", SILENCES, ids=lambda each: "_".join(map(str, each.values())))
def test_who_comes_back_before_we_heard_of_the_session_waits_until_stripe_answers(
    silence: dict[str, Any], paid_unseen: str, outside: RunningSandbox
) -> None:
    address, buyer = f"/return/?session_id={paid_unseen}", Client()
    outside.control("faults", path="/v1/checkout/sessions", method="GET", **silence)

    waiting = buyer.get(address)
    rows = CheckoutSession.objects.count()
    outside.clear_faults()
    known = buyer.get(address, follow=True)

    words = waiting.content.decode()
    assert (waiting.status_code, waiting["Refresh"], rows) == (503, "5", 0)
    assert "We are confirming your payment." in words
    assert "another shop" not in words
    assert Order.objects.get().reference in known.content.decode()


@pytest.mark.parametrize(
    "session_id", ["", "\0", "' OR 1=1 --", "cs_" + "x" * 5000, "pi_1", "cs_é"]
)
def test_what_is_no_session_id_is_unknown_even_while_stripe_is_away(
    session_id: str, pages_find_stripe_away: None
) -> None:
    answer = Client().get("/return/", {"session_id": session_id})

    assert answer.status_code == 404
    assert "Refresh" not in answer
    assert "We do not know this payment page." in answer.content.decode()


@pytest.mark.parametrize(("hours", "is_let_in"), [(47, True), (49, False)])
def test_a_session_s_address_lets_a_browser_in_for_two_days_only(
    hours: int, is_let_in: bool, paid_unseen: str
) -> None:
    address, buyer = f"/return/?session_id={paid_unseen}", Client()
    buyer.get(address)
    made_at = datetime.now(UTC) - timedelta(hours=hours)
    CheckoutSession.objects.update(created_at=made_at)

    stranger, again = Client().get(address, follow=True), buyer.get(address, follow=True)

    order = Order.objects.get().reference
    assert stranger.status_code == (200 if is_let_in else 403)
    assert (order in stranger.content.decode()) == is_let_in
    assert (again.status_code, order in again.content.decode()) == (200, True)
    assert OrderLink.objects.count() == (2 if is_let_in else 1)


def test_a_session_that_was_opened_late_lets_its_buyer_in(
    pages_find_stripe_away: None,
) -> None:
    """Stripe was away for a day and a half when the buyer pressed Buy, and opened it then."""
    made_at = datetime.now(UTC) - timedelta(hours=60)
    late = CheckoutFactory(created_at=made_at, opened_at=made_at + timedelta(hours=36))

    answer = Client().get(f"/return/?session_id={late.stripe_id}")

    assert answer["Location"] == f"/checkout/{late.reference}/"


def test_while_no_link_is_out_stripe_is_not_asked_about_an_invented_session(
    outside: RunningSandbox, gateway: StripeGateway
) -> None:
    asked = Asked(gateway)

    with pytest.raises(SessionUnconfirmed):
        return_from_checkout(session_id="cs_test_invented", gateway=asked, now=datetime.now(UTC))

    assert asked.times == 0


def test_a_link_that_can_no_longer_be_paid_by_is_not_out(
    gateway: StripeGateway, link_out: PaymentLink
) -> None:
    link_out.move(PaymentLinkState.DEACTIVATED)
    asked = Asked(gateway)

    with pytest.raises(SessionUnconfirmed):
        return_from_checkout(session_id="cs_test_invented", gateway=asked, now=datetime.now(UTC))

    assert asked.times == 0


def test_what_stripe_does_not_know_is_asked_once(
    outside: RunningSandbox, gateway: StripeGateway, link_out: PaymentLink
) -> None:
    asked = Asked(gateway)

    for _ in range(5):
        with pytest.raises(NoSuchCheckout):
            return_from_checkout(
                session_id="cs_test_invented", gateway=asked, now=datetime.now(UTC)
            )

    assert asked.times == 1


def test_who_invents_many_sessions_is_not_asked_for_without_end(
    outside: RunningSandbox, gateway: StripeGateway, link_out: PaymentLink
) -> None:
    asked = Asked(gateway)

    for number in range(landing.LOOKUPS_PER_MINUTE + 20):
        with pytest.raises((NoSuchCheckout, SessionUnconfirmed)):
            return_from_checkout(
                session_id=f"cs_test_{number}", gateway=asked, now=datetime.now(UTC)
            )

    assert asked.times == landing.LOOKUPS_PER_MINUTE


def test_invented_sessions_take_no_place_from_people_who_buy(
    outside: RunningSandbox, gateway: StripeGateway, link_out: PaymentLink
) -> None:
    """Three ask about sessions that nobody knows, and Stripe is slow: they wait for one place."""
    outside.control(
        "faults", path="/v1/checkout/sessions", method="GET", effect="delay", delay_ms=700
    )
    barrier = threading.Barrier(4)
    errors: list[type[Exception]] = []

    def stranger(number: int) -> None:
        barrier.wait()
        try:
            return_from_checkout(
                session_id=f"cs_test_{number}", gateway=gateway, now=datetime.now(UTC)
            )
        except (NoSuchCheckout, SessionUnconfirmed) as error:
            errors.append(type(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=stranger, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    barrier.wait()
    with providers.one_web_call(), providers.one_web_call():
        pass  # TooManyCalls, had a stranger taken one
    for thread in threads:
        thread.join()

    assert sorted(errors, key=str) == sorted(
        [NoSuchCheckout, SessionUnconfirmed, SessionUnconfirmed], key=str
    )


def test_a_checkout_of_ours_is_shown_as_it_is_while_many_ask_stripe(
    outside: RunningSandbox, pages_use_outside: None
) -> None:
    ours = CheckoutFactory(created_at=datetime.now(UTC), opened_at=datetime.now(UTC))

    with providers.one_web_call(), providers.one_web_call():
        answer = Client().get(f"/return/?session_id={ours.stripe_id}")

    assert answer["Location"] == f"/checkout/{ours.reference}/"
