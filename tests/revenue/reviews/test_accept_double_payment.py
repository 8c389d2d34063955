"""A possible double payment that the buyer meant: decided once, for a reason, off the list."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from kernel import waiting_list
from ledger.models import LedgerEntry
from revenue.models import DoubleVerdict, Order
from revenue.operations.reviewing import AlreadyDecided, NothingToDecide
from revenue.usecases.accept_double_payment import accept_double_payment
from tests.factories.orders import OrderFactory, dispute_of, token_of
from tests.factories.people import client_of, make_person
from tests.factories.revenue import NOON

pytestmark = pytest.mark.django_db(transaction=True)
BUTTON = "Decide: the buyer meant both"


@pytest.fixture
def browser(operator: User) -> Client:
    return client_of(operator)


@pytest.fixture
def second() -> Order:
    """A second payment of a deal that was won before."""
    return OrderFactory(double_of=OrderFactory())


def waiting() -> list[str]:
    return [item.reference for item in waiting_list.items() if item.what == "double"]


def decide(browser: Client, order: Order, reason: str) -> tuple[int, str]:
    address = f"/console/orders/{order.reference}/double-meant/"
    answer = browser.post(address, {"reason": reason}, follow=True)
    return answer.status_code, answer.content.decode()


def page_of(browser: Client, order: Order) -> str:
    return browser.get(f"/console/orders/{order.reference}/").content.decode()


def page_for_buyer(buyer: Client, order: Order) -> str:
    answer = buyer.get(f"/order/{order.reference}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_waits_however_long_ago_it_was(second: Order) -> None:
    Order.objects.filter(pk=second.pk).update(placed_at=NOON - timedelta(days=400))

    assert waiting() == [second.reference]
    assert waiting_list.numbers()["double"] == 1


def test_one_who_decides_says_why_and_it_leaves_the_list(
    browser: Client, operator: User, second: Order
) -> None:
    assert BUTTON in page_of(browser, second)

    status, page = decide(browser, second, "she ordered for two plants")

    assert status == 200
    assert "Paid a second time, and meant." in page
    assert page.count("she ordered for two plants") == 2  # the note, and the timeline
    assert BUTTON not in page
    assert waiting() == []
    assert "possible double payment" not in browser.get("/console/").content.decode()
    assert "double?" not in browser.get("/console/orders/").content.decode()
    entry = LedgerEntry.objects.get(event="order.double_meant")
    assert (entry.subject, entry.facts["actor"]) == (second.reference, f"user:{operator.pk}")


def test_it_is_final(browser: Client, operator: User, second: Order) -> None:
    decide(browser, second, "meant")

    _status, page = decide(browser, second, "meant again")

    assert "the buyer meant both. That is final; nothing was changed." in page
    assert DoubleVerdict.objects.get().reason == "meant"
    with pytest.raises(AlreadyDecided):
        accept_double_payment(
            order_ref=second.reference, reason="x", actor_id=operator.pk, now=NOON
        )


def test_only_a_possible_double_payment_that_stands_can_be_meant(
    operator: User, second: Order
) -> None:
    first = second.double_of
    assert first is not None
    Order.objects.filter(pk=second.pk).update(state="refunded", refunded_minor=100)

    for order in (first, second):
        with pytest.raises(NothingToDecide):
            accept_double_payment(
                order_ref=order.reference, reason="x", actor_id=operator.pk, now=NOON
            )


@pytest.mark.parametrize(
    ("state", "refunded_minor"), [("partially_refunded", 40), ("disputed", 0), ("disputed", 40)]
)
def test_it_stays_open_while_money_of_it_is_held(
    browser: Client, second: Order, state: str, refunded_minor: int
) -> None:
    buyer = Client()
    buyer.get(f"/o/{token_of(second)}/")
    Order.objects.filter(pk=second.pk).update(state=state, refunded_minor=refunded_minor)

    assert waiting() == [second.reference]
    assert BUTTON in page_of(browser, second)
    assert "You may have paid twice." in page_for_buyer(buyer, second)
    assert "double?" in browser.get("/console/orders/").content.decode()

    decide(browser, second, "she ordered for two plants")

    assert waiting() == []
    assert DoubleVerdict.objects.get().order == second


@pytest.mark.parametrize("is_lost", [False, True])
def test_it_is_over_when_all_of_it_went_back(
    browser: Client, operator: User, second: Order, is_lost: bool
) -> None:
    buyer = Client()
    buyer.get(f"/o/{token_of(second)}/")
    if is_lost:
        Order.objects.filter(pk=second.pk).update(state="disputed")
        dispute_of(second, status="lost")
    else:
        Order.objects.filter(pk=second.pk).update(state="refunded", refunded_minor=119)

    page = page_of(browser, second)

    assert waiting() == []
    assert BUTTON not in page
    assert "refund this one" not in page
    ended = (
        "The bank decided the dispute for the buyer." if is_lost else "This payment was refunded."
    )
    assert ended in page
    assert "Possible double payment." not in page
    assert "You may have paid twice." not in page_for_buyer(buyer, second)
    assert "double?" not in browser.get("/console/orders/").content.decode()
    with pytest.raises(NothingToDecide):
        accept_double_payment(
            order_ref=second.reference, reason="x", actor_id=operator.pk, now=NOON
        )


def test_what_went_back_already_is_said(browser: Client, second: Order) -> None:
    Order.objects.filter(pk=second.pk).update(state="partially_refunded", refunded_minor=40)
    partly = page_of(browser, second)
    Order.objects.filter(pk=second.pk).update(state="disputed")
    disputed = page_of(browser, second)

    assert "$0.40 USD of it went back already" in partly
    assert "refund the rest" in partly
    assert "refund" not in disputed.partition("Possible double payment.")[2].partition("</p>")[0]


@pytest.mark.parametrize("is_lost", [False, True])
def test_the_trace_says_that_it_was_given_back(
    browser: Client, second: Order, is_lost: bool
) -> None:
    if is_lost:
        Order.objects.filter(pk=second.pk).update(state="disputed")
        dispute_of(second, status="lost")
    else:
        Order.objects.filter(pk=second.pk).update(state="refunded", refunded_minor=119)

    trace = browser.get(f"/console/trace/{second.trace_ref}/").content.decode()

    assert "possible double payment" not in trace
    assert "second payment, given back, after" in trace


def test_without_a_reason_it_is_asked_for_again(browser: Client, second: Order) -> None:
    status, page = decide(browser, second, "  ")

    assert status == 400
    assert "Say why" in page
    assert waiting() == [second.reference]


def test_an_auditor_decides_nothing(second: Order) -> None:
    auditor = client_of(make_person("auditor"))

    assert BUTTON not in page_of(auditor, second)
    assert decide(auditor, second, "x")[0] == 403


def test_an_unknown_order_is_not_found(browser: Client) -> None:
    answer = browser.post("/console/orders/ord_nobody/double-meant/", {"reason": "x"})

    assert answer.status_code == 404


def test_the_buyer_and_the_trace_are_told_no_longer_that_it_may_be_a_mistake(
    browser: Client, second: Order
) -> None:
    trace = f"/console/trace/{second.trace_ref}/"
    buyer = Client()
    buyer.get(f"/o/{token_of(second)}/")
    assert "possible double payment" in browser.get(trace).content.decode()
    assert "You may have paid twice." in page_for_buyer(buyer, second)

    decide(browser, second, "meant")

    assert "second payment, meant by the buyer, after" in browser.get(trace).content.decode()
    assert "You may have paid twice." not in page_for_buyer(buyer, second)
