"""One card that pays one offer twice, under two addresses: the later work waits for a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from console.enums import ErasureReason
from console.usecases.erase_subject import erase_subject
from fulfillment.models import OrderIntake
from notices.models import OperatorAlert
from revenue.adapters import stripe_reading
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import Source
from revenue.exchanges.cards import notice_cards
from revenue.exchanges.missed import recover_sessions
from revenue.models import BuyerMail, Offer, Order, RevenueEvent, StripeWebhookEvent
from revenue.queries.doubles import possible_doubles
from revenue.usecases.accept_double_payment import accept_double_payment
from revenue.usecases.return_from_checkout import return_from_checkout
from tests.factories.people import client_of, make_person
from tests.factories.revenue import (
    NOON,
    CheckoutFactory,
    OfferFactory,
    filed,
    payment_of,
    session_object,
)
from tests.revenue.reconcile.conftest import Run, Sell, an_hour_from_now

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], list[StripeWebhookEvent]]
Buy = Callable[..., Order]
VISA, OTHER_VISA = "Xt5EWLLDS7FJjR1c", "p9HqXx2sVdT0bCk4"


@pytest.fixture(autouse=True)
def compare_cards(settings: Any) -> None:
    settings.COMPARE_CARD_FINGERPRINTS = True


@pytest.fixture
def offer() -> Offer:
    return OfferFactory(amount_minor=10_000)


@pytest.fixture
def operator() -> User:
    return make_person("operator")


@pytest.fixture
def buy_as(process: Process, offer: Offer) -> Buy:
    """Somebody of that name buys, that long after noon."""

    def call(name: str, *, after: timedelta = timedelta(), of: Offer = offer) -> Order:
        checkout = CheckoutFactory(offer=of, amount_minor=of.amount_minor)
        who = {"email": f"{name}@buyer.example", "name": name}
        payload = session_object(checkout, customer_details=who)
        filed("checkout.session.completed", payload, created=int((NOON + after).timestamp()))
        process()
        return Order.objects.latest("pk")

    return call


def see(order: Order, fingerprint: str = VISA) -> int:
    """Notice the session of ``order``, read with the charge of its payment."""
    charge = {"paid": True, "payment_method_details": {"card": {"fingerprint": fingerprint}}}
    payment = {"id": payment_of(order.checkout), "status": "succeeded", "latest_charge": charge}
    payload = stripe_reading.session(session_object(order.checkout, payment_intent=payment))
    return notice_cards([payload], source=Source.RECONCILE, now=NOON)


def firsts() -> list[int | None]:
    return list(Order.objects.order_by("pk").values_list("double_of", flat=True))


def holds() -> list[str]:
    return list(OrderIntake.objects.order_by("order_id").values_list("frozen_reason", flat=True))


@pytest.mark.parametrize("is_later_known_first", [False, True])
def test_the_later_payment_waits_in_whichever_order_the_cards_become_known(
    buy_as: Buy, operator: User, *, is_later_known_first: bool
) -> None:
    first, second = buy_as("ada"), buy_as("grace", after=timedelta(hours=23))
    known = [second, first] if is_later_known_first else [first, second]

    assert [see(order) for order in known] == [0, 1]

    assert firsts() == [None, first.pk]
    assert holds() == ["", "review"]
    assert OperatorAlert.objects.get(closed_at=None).subject == second.reference
    assert RevenueEvent.objects.filter(kind="payment").count() == 2
    assert BuyerMail.objects.filter(kind="paid").count() == 2
    page = client_of(operator).get(f"/console/orders/{second.reference}/").content.decode()
    assert "The same card had paid" in page


def test_another_card_another_offer_and_another_day_are_no_double(buy_as: Buy) -> None:
    see(buy_as("ada"))

    see(buy_as("grace"), OTHER_VISA)
    see(buy_as("grace", of=OfferFactory()))
    see(buy_as("joan", after=timedelta(hours=25)))

    assert firsts() == [None] * 4
    assert set(holds()) == {""}


def test_a_person_says_once_that_both_were_meant(buy_as: Buy, operator: User) -> None:
    see(buy_as("ada"))
    second = buy_as("grace")
    see(second)

    accept_double_payment(
        order_ref=second.reference, reason="two sisters", actor_id=operator.pk, now=NOON
    )

    assert see(second) == 0
    assert holds() == ["", ""]
    assert not possible_doubles().exists()


def test_what_is_kept_of_a_card_is_no_word_of_stripes_and_depends_on_our_key(
    buy_as: Buy, settings: Any
) -> None:
    first = buy_as("ada")
    see(first)
    settings.SECRET_KEY = "another key of fifty characters and more, for this test"
    second = buy_as("grace")
    see(second)

    kept = list(Order.objects.order_by("pk").values_list("card_digest", flat=True))
    assert [len(digest) for digest in kept] == [64, 64]
    assert kept[0] != kept[1]
    assert VISA not in "".join(kept)


def test_the_card_of_an_erased_buyer_is_gone_and_stays_so(
    buy_as: Buy, gateway: StripeGateway
) -> None:
    order = buy_as("ada")
    see(order)
    BuyerMail.objects.update(state="sent", sent_at=NOON, next_attempt_at=None)

    erase_subject(email="ada@buyer.example", reason=ErasureReason.ASKED, actor_id=None, now=NOON)
    see(order)

    assert Order.objects.get(pk=order.pk).card_digest == ""


def test_a_card_is_known_again_while_the_old_key_is_a_fallback(buy_as: Buy, settings: Any) -> None:
    first = buy_as("ada")
    see(first)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of fifty characters and more, for this test"

    assert see(buy_as("grace")) == 1
    assert firsts() == [None, first.pk]


@pytest.mark.parametrize("off", [{"DOUBLE_PAYMENT_HOURS": 0}, {"COMPARE_CARD_FINGERPRINTS": False}])
def test_switched_off_no_card_is_kept(buy_as: Buy, settings: Any, off: dict[str, int]) -> None:
    for name, value in off.items():
        setattr(settings, name, value)
    see(buy_as("ada"))

    assert Order.objects.get().card_digest == ""


def test_reconciling_notices_one_card_under_two_addresses(sell: Sell, run: Run) -> None:
    sell(email="ada@buyer.example")
    sell(email="grace@buyer.example")
    sell("5555555555554444", email="joan@buyer.example")

    run()

    ada, grace, joan = Order.objects.order_by("checkout_id")
    assert ada.card_digest == grace.card_digest != joan.card_digest
    later = possible_doubles().get()
    assert {later, later.double_of} == {ada, grace}
    assert OrderIntake.objects.get(order=later).frozen_reason == "review"
    run()
    assert possible_doubles().get() == later


def test_a_buyer_who_comes_back_brings_the_card(sell: Sell, gateway: StripeGateway) -> None:
    for name in ("ada", "grace"):
        checkout = sell(email=f"{name}@buyer.example")
        return_from_checkout(
            session_id=checkout.stripe_id or "", gateway=gateway, now=datetime.now(UTC)
        )

    first, second = Order.objects.order_by("pk")
    assert second.double_of_id == first.pk


def test_a_session_that_no_webhook_told_of_brings_the_card(
    sell: Sell, gateway: StripeGateway
) -> None:
    sell(email="ada@buyer.example")
    sell(email="grace@buyer.example")

    recover_sessions(gateway=gateway, clock=an_hour_from_now)

    assert possible_doubles().count() == 1
