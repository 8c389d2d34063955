"""The list of orders that need a verdict, and the three verbs on the order's page."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from revenue.models import Order, OrderReview
from tests.factories.people import client_of, make_person
from tests.revenue.reviews.conftest import Differs

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(operator: User) -> Client:
    return client_of(operator)


def verdict(browser: Client, order: Order, **typed: str) -> str:
    answer = browser.post(f"/console/orders/{order.reference}/review/", typed, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def verbs_on(page: str) -> list[str]:
    panel = page.partition('id="review"')[2].partition("</section>")[0]
    return re.findall(r"<h3>([^<]+)</h3>", panel)


def test_the_list_says_what_differs(browser: Client, differs: Differs) -> None:
    order = differs()

    page = browser.get("/console/review/").content.decode()

    assert order.reference in page
    assert "$1.00 USD" in page
    assert "$0.90 USD" in page
    assert "Stripe took a different amount than the offer asks" in page


def test_the_order_page_says_what_differs_and_offers_two_verbs(differs: Differs) -> None:
    browser = client_of(make_person("owner"))

    page = browser.get(f"/console/orders/{differs().reference}/").content.decode()

    assert "Our checkout asked for $1.00 USD; Stripe says that it took $0.90 USD." in page
    assert verbs_on(page) == ["Accept as paid", "Refund"]
    assert "Refund $0.90 USD…" in page


def test_an_operator_cannot_refund(browser: Client, differs: Differs) -> None:
    page = browser.get(f"/console/orders/{differs().reference}/").content.decode()

    assert verbs_on(page) == ["Accept as paid", "Refund"]
    assert "You are not an owner; ask one." in page
    assert "/refund/" not in page


def test_an_auditor_reads_and_decides_nothing(differs: Differs) -> None:
    order = differs()
    browser = client_of(make_person("auditor"))

    page = browser.get(f"/console/orders/{order.reference}/").content.decode()
    answer = browser.post(
        f"/console/orders/{order.reference}/review/", {"verdict": "accepted", "reason": "x"}
    )

    assert "An operator decides this." in page
    assert "ada@buyer.example" not in page
    assert answer.status_code == 403
    assert not OrderReview.objects.exists()


def test_accepting(browser: Client, differs: Differs) -> None:
    order = differs()

    page = verdict(browser, order, verdict="accepted", reason="a discount")

    order.refresh_from_db()
    assert order.state == "paid"
    assert "Accepted as paid. The decision is recorded with your name." in page
    assert 'id="review"' not in page
    assert "a discount" in page


@pytest.mark.parametrize(
    ("reason", "problem"),
    [("  ", "Say why, in a few words."), ("long " * 1200, "Too long: it has 5999 characters")],
)
def test_a_reason_that_does_not_do_is_asked_for_again_with_what_was_typed(
    browser: Client, differs: Differs, reason: str, problem: str
) -> None:
    order = differs()
    address = f"/console/orders/{order.reference}/review/"

    answer = browser.post(address, {"verdict": "accepted", "reason": reason})

    page = answer.content.decode()
    assert answer.status_code == 400
    assert problem in page
    assert f">\n{reason}</textarea>" in page
    assert "Accept as paid" in page
    assert '<input type="hidden" name="verdict" value="accepted"' in page
    assert not OrderReview.objects.exists()


def test_a_second_verdict_is_told_so(browser: Client, differs: Differs) -> None:
    order = differs()
    verdict(browser, order, verdict="accepted", reason="a discount")

    page = verdict(browser, order, verdict="accepted", reason="changed my mind")

    assert "accepted as paid. Nothing was changed." in page
    assert OrderReview.objects.get().reason == "a discount"


def test_the_verdict_refund_leads_to_the_page_of_refunds(browser: Client, differs: Differs) -> None:
    order = differs()

    answer = browser.post(f"/console/orders/{order.reference}/review/", {"verdict": "refund"})

    assert answer["Location"] == f"/console/orders/{order.reference}/refund/"
    assert not OrderReview.objects.exists()


def test_an_unknown_order_is_not_found(browser: Client) -> None:
    answer = browser.post(
        "/console/orders/ord_nobody/review/", {"verdict": "accepted", "reason": "x"}
    )

    assert answer.status_code == 404


def test_an_empty_list_says_what_would_be_there(browser: Client) -> None:
    assert "Nothing needs review" in browser.get("/console/review/").content.decode()
