"""The list of orders, and one order with all that hangs on it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kernel.references import new_reference
from revenue.models import Order, OrderReview, RefundRequest
from tests.conftest import NOON
from tests.console.sales import Process, direct_sale
from tests.factories.orders import OrderFactory, dispute_of, token_of
from tests.factories.people import client_of, make_person
from tests.factories.revenue import dispute_object, filed, movement, refund_object

pytestmark = pytest.mark.django_db(transaction=True)

LIST_SQL_MAX = 10
PAGE_SQL_MAX = 24


def text_of(browser: Client, order: Order) -> str:
    answer = browser.get(f"/console/orders/{order.reference}/")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", "abc"), ("?state=failed", "b"), ("?mode=test", "c"), ("?state=paid&mode=sandbox", "a")],
)
def test_the_list_is_narrowed(browser: Client, query: str, expected: str) -> None:
    orders = {
        "a": OrderFactory(),
        "b": OrderFactory(state="failed"),
        "c": OrderFactory(mode="test"),
    }

    page = browser.get(f"/console/orders/{query}").content.decode()

    assert {name for name, order in orders.items() if order.reference in page} == set(expected)


def test_the_list_is_narrowed_by_offer(browser: Client) -> None:
    one, other = OrderFactory(), OrderFactory()

    page = browser.get("/console/orders/", {"offer": one.offer_id}).content.decode()

    assert one.reference in page
    assert other.reference not in page


def test_the_list_goes_on_by_key(browser: Client) -> None:
    orders = [order.reference for order in OrderFactory.create_batch(52)]
    first = browser.get("/console/orders/?mode=sandbox").content.decode()
    key = Order.objects.get(reference=orders[2]).pk

    second = browser.get(f"/console/orders/?mode=sandbox&before={key}").content.decode()

    assert f"?mode=sandbox&amp;before={key}" in first
    assert [ref for ref in orders if ref in first] == orders[2:]
    assert [ref for ref in orders if ref in second] == orders[:2]


def test_the_list_costs_at_most_ten_statements_and_counts_nothing(browser: Client) -> None:
    OrderFactory.create_batch(3)
    browser.get("/console/orders/")

    with CaptureQueriesContext(connection) as captured:
        browser.get("/console/orders/?state=paid")

    statements = [q["sql"] for q in captured if "set_config" not in q["sql"]]
    assert len(statements) <= LIST_SQL_MAX, "\n".join(statements)


def test_empty_lists_say_what_to_do(browser: Client) -> None:
    assert "An order appears the moment" in browser.get("/console/orders/").content.decode()
    filtered = browser.get("/console/orders/?state=refunded").content.decode()
    assert "No orders match these filters." in filtered


@pytest.mark.parametrize(
    ("refunds", "words"),
    [
        ([(60, "needs_response")], "The buyer disputes $0.60 USD of $1.00 USD"),
        ([(60, "lost")], "The buyer disputed $0.60 USD of $1.00 USD, and the bank gave it back"),
        ([(100, "lost")], "The buyer disputed $1.00 USD, and the bank gave it back to them"),
        ([(30, "lost"), (20, "under_review")], "The buyer disputes $0.20 USD of $1.00 USD"),
        ([(30, "lost"), (70, "lost")], "The buyer disputed $1.00 USD, and the bank gave it back"),
    ],
)
def test_the_title_says_how_much_is_disputed_and_whether_it_still_is(
    browser: Client, process: Process, refunds: list[tuple[int, str]], words: str
) -> None:
    order = direct_sale(process)
    for number, (amount, status) in enumerate(refunds):
        seen = dispute_object(order.checkout, id=f"dp_title{number}", amount=amount, status=status)
        filed("charge.dispute.updated", seen)
    process()

    page = browser.get(f"/console/orders/{order.reference}/").content.decode()

    assert words in page.partition("<h1>")[2].partition("</h1>")[0]


def test_a_bank_that_asks_and_withdrew_nothing_is_no_dispute_on_any_page(browser: Client) -> None:
    order = OrderFactory(state="disputed")
    dispute_of(order, status="warning_needs_response")

    page = text_of(browser, order)
    listed = browser.get("/console/disputes/").content.decode()
    orders = browser.get("/console/orders/").content.decode()

    assert f"<h1>The bank asks about {order.total}</h1>" in page
    assert "The buyer disputes" not in page
    assert '<span class="badge bad">inquiry</span>' in page
    assert '<span class="badge bad">inquiry</span>' in orders
    assert '<span class="badge bad">inquiry: needs response</span>' in listed
    assert "warning" not in listed


def test_an_order_shows_its_money(browser: Client, process: Process) -> None:
    order = direct_sale(process)
    filed("refund.updated", refund_object(order.checkout, id="re_orderpage1", amount=40))
    filed(
        "charge.dispute.created",
        dispute_object(
            order.checkout, balance_transactions=[movement("txn_orderpage1", -60, fee=1500)]
        ),
    )
    process()

    page = text_of(browser, order)

    assert "The buyer disputes $1.00 USD" in page
    for amount in ("−$0.40 USD", "−$0.60 USD", "−$15.00 USD", "re_or"):
        assert amount in page
    assert "Answer at Stripe" in page
    assert "29 Nov 2026" in page or "8 Oct 2026" in page  # the deadline, seven days on
    assert "Funds withdrawn for a dispute" in page


def test_an_order_leads_everywhere(browser: Client, process: Process) -> None:
    order = direct_sale(process)

    page = text_of(browser, order)

    for address in (
        f"/console/trace/{order.trace_ref}/",
        f"/console/deals/{order.deal.reference}/",
        f"/console/contacts/{order.contact.reference}/",
        f"/console/offers/{order.offer.reference}/",
        "/console/runs/run_",
        "/console/events/evt_",
    ):
        assert address in page


def test_a_possible_double_payment_has_the_refund_at_hand() -> None:
    first = OrderFactory()
    second = OrderFactory(double_of=first)
    owner, operator = client_of(make_person("owner")), client_of(make_person("operator"))

    page = text_of(owner, second)

    assert "Possible double payment." in page
    assert first.reference in page
    assert "Refund $1.19 USD…" in page
    assert "An owner can refund it." in text_of(operator, second)
    assert second.reference in text_of(operator, first)


@pytest.mark.parametrize(
    ("state", "words"),
    [("unknown", "is in doubt"), ("requested", "is with Stripe since"), ("booked", None)],
)
def test_refunds_under_way_are_told(
    browser: Client, operator: User, state: str, words: str | None
) -> None:
    order = OrderFactory()
    RefundRequest.objects.create(
        reference=new_reference("rfq"), mode=order.mode, order=order, amount_minor=40,
        currency="USD", state=state, requested_by=operator, requested_at=NOON,
    )  # fmt: skip

    page = text_of(browser, order)

    assert ("A refund of $0.40 USD" in page) is (words is not None)
    if words:
        assert words in page


def test_an_order_that_a_person_decided_to_refund_waits_for_nobodys_verdict(
    browser: Client, operator: User
) -> None:
    order = OrderFactory(state="needs_review", review_reason="amount_differs")
    assert "A person has to decide about $1.19 USD" in text_of(browser, order)
    OrderReview.objects.create(
        order=order, verdict="refund", reason="x", decided_by=operator, decided_at=NOON
    )

    page = text_of(browser, order)

    assert "A person has to decide" not in page
    assert "<h1>$1.19 USD is to be refunded, and has not all gone back</h1>" in page


def test_only_owners_see_the_refund() -> None:
    order = OrderFactory()
    address = f"/console/orders/{order.reference}/refund/"

    assert address in text_of(client_of(make_person("owner")), order)
    assert address not in text_of(client_of(make_person("operator")), order)


def test_what_cannot_be_refunded_offers_nothing() -> None:
    order = OrderFactory(state="failed")

    assert "/refund/" not in text_of(client_of(make_person("owner")), order)


def test_links_can_be_revoked(browser: Client) -> None:
    order = OrderFactory()
    token_of(order)
    address = f"/console/orders/{order.reference}/links/revoke/"
    before = text_of(browser, order)
    assert address in before
    assert "A new link that the buyer asked for, " in before

    browser.post(address)

    page = text_of(browser, order)
    assert "revoked" in page
    assert address not in page


def test_an_auditor_sees_no_person(auditor: Client, process: Process) -> None:
    order = direct_sale(process)

    page = text_of(auditor, order)

    assert "ada@buyer.example" not in page
    assert "Ada Lovelace" not in page
    assert "Buyer’s links" not in page
    assert "ada@buyer.example" not in auditor.get("/console/orders/").content.decode()


def test_an_order_page_costs_few_statements(browser: Client, process: Process) -> None:
    order = direct_sale(process)
    text_of(browser, order)

    with CaptureQueriesContext(connection) as captured:
        text_of(browser, order)

    statements = [q["sql"] for q in captured if "set_config" not in q["sql"]]
    assert len(statements) <= PAGE_SQL_MAX, "\n".join(statements)


def test_an_unknown_order_is_not_found(browser: Client) -> None:
    assert browser.get("/console/orders/ord_nobody/").status_code == 404
