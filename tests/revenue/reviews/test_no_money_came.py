"""An order that needs a verdict and that nobody has paid: no page and no mail claims money."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from revenue.enums import EventState, OrderState
from revenue.models import BuyerMail, Order, RevenueEvent, StripeWebhookEvent
from revenue.usecases.decide_review import accept_order
from tests.factories.orders import token_of
from tests.factories.people import client_of
from tests.factories.revenue import NOON, CheckoutFactory, filed, session_object
from tests.revenue.reviews.conftest import Differs

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], object]


def refuse(order: Order, process: Process) -> None:
    unpaid = session_object(order.checkout, payment_status="unpaid", amount_total=90)
    filed("checkout.session.async_payment_failed", unpaid)
    process()
    order.refresh_from_db()


def read(order: Order, path: str) -> str:
    """Return the words of a page, title included, in a browser that holds a link to ``order``."""
    client = Client()
    client.get(f"/o/{token_of(order)}/")
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_while_the_bank_works_both_pages_say_that_no_money_came(differs: Differs) -> None:
    order = differs(payment_status="unpaid")

    back = read(order, f"/checkout/{order.checkout.reference}/")

    assert "We are checking your order." in back
    assert "We have not received any money for it yet." in back
    assert "payment arrived" not in back
    assert "payment arrived" not in read(order, f"/order/{order.reference}/")


def test_money_that_differs_is_still_said_to_have_arrived(differs: Differs) -> None:
    order = differs()

    back = read(order, f"/checkout/{order.checkout.reference}/")

    assert "Your payment arrived, and we are checking it." in back


def test_of_an_order_that_cost_nothing_nobody_says_that_money_came(
    differs: Differs, operator: User
) -> None:
    order = differs(payment_status="no_payment_required", amount_total=0, payment_intent=None)

    back = read(order, f"/checkout/{order.checkout.reference}/")
    page = read(order, f"/order/{order.reference}/")

    for words in (back, page):
        assert "We are checking your order." in words
        assert "It costs you nothing" in words
        assert "payment" not in words.partition("It costs you nothing")[0].rpartition("Being")[2]
    browser = client_of(operator)
    page = browser.get(f"/console/orders/{order.reference}/").content.decode()
    assert "A person has to decide about an order that cost nothing" in page
    trace = browser.get(f"/console/trace/{order.trace_ref}/").content.decode()
    assert "No money came, and a person has to decide about the order." in trace


def test_once_the_bank_refused_both_pages_say_so(differs: Differs, process: Process) -> None:
    order = differs(payment_status="unpaid")
    refuse(order, process)

    back = read(order, f"/checkout/{order.checkout.reference}/")
    page = read(order, f"/order/{order.reference}/")

    assert "Your bank did not make the payment. Nothing was charged." in back
    assert "The payment did not go through. Nothing was charged." in page
    assert "checking" not in back + page
    assert "Work set up" not in page


def test_the_buyer_hears_of_the_refusal_once(
    differs: Differs, process: Process, operator: User
) -> None:
    order = differs(payment_status="unpaid")
    refuse(order, process)
    assert [mail.kind for mail in BuyerMail.objects.all()] == ["payment_failed"]

    accept_order(order_ref=order.reference, reason="a discount", actor_id=operator.pk, now=NOON)

    order.refresh_from_db()
    assert order.state == OrderState.FAILED
    assert [mail.kind for mail in BuyerMail.objects.all()] == ["payment_failed"]


def test_money_that_comes_after_the_refusal_is_checked(differs: Differs, process: Process) -> None:
    order = differs(payment_status="unpaid")
    refuse(order, process)
    filed(
        "checkout.session.async_payment_succeeded", session_object(order.checkout, amount_total=90)
    )
    process()
    order.refresh_from_db()

    assert order.state == OrderState.NEEDS_REVIEW
    assert "Your payment arrived" in read(order, f"/order/{order.reference}/")


def test_the_payer_of_another_shop_gets_no_mail_from_us(process: Process) -> None:
    foreign = session_object(
        CheckoutFactory.build(offer=None, stripe_id="cs_test_foreign00000"),
        client_reference_id="somebody-elses-42",
        metadata={},
        payment_status="unpaid",
    )
    filed("checkout.session.completed", foreign)
    filed("checkout.session.async_payment_failed", foreign)
    process()

    assert Order.objects.get().payment_failed_at is not None
    assert not BuyerMail.objects.exists()


def test_another_amount_than_was_decided_about_is_not_booked(
    differs: Differs, process: Process, operator: User
) -> None:
    order = differs(payment_status="unpaid")
    accept_order(order_ref=order.reference, reason="a discount", actor_id=operator.pk, now=NOON)

    filed(
        "checkout.session.async_payment_succeeded", session_object(order.checkout, amount_total=80)
    )
    process()

    event = StripeWebhookEvent.objects.get(type="checkout.session.async_payment_succeeded")
    assert event.state == EventState.DEAD
    assert "$0.80 USD, but a person decided about $0.90 USD" in event.error
    order.refresh_from_db()
    assert (order.paid_at, RevenueEvent.objects.count()) == (None, 0)
