"""The page on which an owner gives money back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from revenue.adapters.stripe_gateway import StripeGateway
from revenue.models import Order, RefundRequest
from tests.factories.orders import OrderFactory
from tests.factories.people import client_of, make_person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("pages_use_outside")]


def page_of(order: Order) -> str:
    return f"/console/orders/{order.reference}/refund/"


def form_of(browser: Client, order: Order, **typed: str) -> dict[str, str]:
    """The form as the page renders it, with what a person typed."""
    page = browser.get(page_of(order)).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    return {**hidden, "amount": "30.00", "reason": "changed their mind", **typed}


def press(browser: Client, order: Order, form: dict[str, str]) -> Any:
    """Press the button of the last page, which says the sum."""
    return browser.post(page_of(order), form | {"confirmed": "1"})


@pytest.fixture
def browser(owner: User) -> Client:
    return client_of(owner, is_fresh=True)


def test_the_typed_sum_goes_back(
    browser: Client, paid_order: Order, gateway: StripeGateway
) -> None:
    answer = press(browser, paid_order, form_of(browser, paid_order))

    assert (answer.status_code, answer["Location"]) == (
        302,
        f"/console/orders/{paid_order.reference}/",
    )
    assert [
        fact.amount.amount_minor
        for fact in gateway.refunds_of_payment(paid_order.payment_intent_id)
    ] == [3_000]
    assert "Stripe has the refund of $30.00 USD" in browser.get(answer["Location"]).content.decode()


def test_pressing_twice_asks_once(
    browser: Client, paid_order: Order, gateway: StripeGateway
) -> None:
    form = form_of(browser, paid_order, amount="100.00")

    first, second = press(browser, paid_order, form), press(browser, paid_order, form)

    assert (first.status_code, second.status_code) == (302, 302)
    assert RefundRequest.objects.count() == 1


@pytest.mark.parametrize("amount", ["", "0", "-1", "1,000", "30.001", "100.01", "thirty", "1e2"])
def test_a_sum_that_is_none_sends_nothing(browser: Client, paid_order: Order, amount: str) -> None:
    answer = press(browser, paid_order, form_of(browser, paid_order, amount=amount))

    assert answer.status_code == 400
    assert "Nothing was sent to Stripe" in answer.content.decode()
    assert not RefundRequest.objects.exists()


def test_the_last_look_names_sum_and_order_and_sends_nothing(
    browser: Client, paid_order: Order
) -> None:
    answer = browser.post(page_of(paid_order), form_of(browser, paid_order, amount="30"))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert '<button class="danger">Refund $30.00 USD</button>' in page
    assert "changed their mind" in page
    assert paid_order.reference in page
    assert "$70.00 USD" in page  # left after this
    assert not RefundRequest.objects.exists()

    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert browser.post(page_of(paid_order), hidden).status_code == 302
    assert RefundRequest.objects.get().amount_minor == 3_000


def test_the_last_look_can_be_left_for_another_sum(browser: Client, paid_order: Order) -> None:
    form = form_of(browser, paid_order, amount="30.00")

    answer = browser.post(page_of(paid_order), form | {"confirmed": "1", "again": "1"})

    assert answer.status_code == 200
    assert 'name="amount" value="30.00"' in answer.content.decode()
    assert not RefundRequest.objects.exists()


def test_more_than_is_left_is_told_before_the_last_look(browser: Client, paid_order: Order) -> None:
    press(browser, paid_order, form_of(browser, paid_order, amount="80.00"))

    answer = browser.post(page_of(paid_order), form_of(browser, paid_order, amount="30.00"))

    assert answer.status_code == 400
    assert "At most $20.00 USD can be refunded now." in answer.content.decode()


def test_a_reason_is_needed(browser: Client, paid_order: Order) -> None:
    answer = press(browser, paid_order, form_of(browser, paid_order, reason=" "))

    assert answer.status_code == 400
    assert not RefundRequest.objects.exists()


def test_without_a_fresh_login_one_is_asked_for(owner: User, paid_order: Order) -> None:
    answer = client_of(owner).get(page_of(paid_order))

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/reauthenticate/")


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_only_owners_may(role: str, paid_order: Order) -> None:
    browser = client_of(make_person(role), is_fresh=True)

    assert browser.get(page_of(paid_order)).status_code == 403
    assert browser.post(page_of(paid_order), {"amount": "1"}).status_code == 403


def test_what_cannot_go_back_is_said_instead_of_a_form(browser: Client) -> None:
    order = OrderFactory(state="failed")

    page = browser.get(page_of(order)).content.decode()

    assert "Nothing was paid, so there is nothing to refund." in page
    assert 'name="amount"' not in page


def test_an_unknown_order_is_not_found(browser: Client) -> None:
    assert browser.get("/console/orders/ord_nobody/refund/").status_code == 404
