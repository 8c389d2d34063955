"""Search: straight to what a reference names, lists for the rest, and nothing one may not see."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm import queries as crm
from crm.models import Contact
from ledger import queries as ledger
from revenue.models import BuyerMail, StripeWebhookEvent
from tests.console.sales import Process, direct_sale, lead, whole_sale
from tests.factories.crm import CompanyFactory, ContactFactory
from tests.factories.orders import OrderFactory
from tests.factories.revenue import filed, refund_object

pytestmark = pytest.mark.django_db(transaction=True)

SQL_MAX = 14

UNKNOWN_ORDER = "ord_01m814z7q0yq1pvh3cm9qe80hz"
UNKNOWN_CONTACT = "con_01m814z2ehrsc5zqbbjy5z2jdf"


def look_up(browser: Client, asked: str) -> str:
    """Where a search leads; "" when it lists instead."""
    return str(browser.get("/console/search/", {"q": asked}).headers.get("Location", ""))


def page(browser: Client, asked: str) -> str:
    answer = browser.get("/console/search/", {"q": asked})
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_reference_leads_to_its_page(browser: Client, process: Process, operator: User) -> None:
    order = whole_sale(process, operator_id=operator.pk)
    filed("refund.updated", refund_object(order.checkout, id="re_searched1", amount=40))
    process()
    deal = crm.deals_by_trace(order.trace_ref)[0]
    event = StripeWebhookEvent.objects.filter(type="checkout.session.completed").get()
    mail = BuyerMail.objects.filter(kind="paid").get()
    entry = ledger.entries_of_trace(order.trace_ref)[0]
    order_page = f"/console/orders/{order.reference}/"

    assert {asked: look_up(browser, asked) for asked in (
        order.reference, f" {order.checkout.stripe_id} ", order.payment_intent_id, "re_searched1",
        order.checkout.reference, deal.reference, deal.contact_ref, event.stripe_id,
        mail.reference, order.offer.reference, entry.reference, order.trace_ref,
    )} == {
        order.reference: order_page,
        f" {order.checkout.stripe_id} ": order_page,
        order.payment_intent_id: order_page,
        "re_searched1": order_page,
        order.checkout.reference: order_page,
        deal.reference: f"/console/deals/{deal.reference}/",
        deal.contact_ref: f"/console/contacts/{deal.contact_ref}/",
        event.stripe_id: f"/console/events/{event.stripe_id}/",
        mail.reference: f"/console/outbox/{mail.reference}/",
        order.offer.reference: f"/console/offers/{order.offer.reference}/",
        entry.reference: f"/console/ledger/{entry.reference}/",
        order.trace_ref: f"/console/trace/{order.trace_ref}/",
    }  # fmt: skip


@pytest.mark.parametrize("asked", [UNKNOWN_ORDER, UNKNOWN_CONTACT, "pi_123456", "x_y"])
def test_an_unknown_reference_fits_nothing(browser: Client, asked: str) -> None:
    assert "Nothing fits." in page(browser, asked)


@pytest.mark.parametrize("asked", ["ada@buyer.example", "ADA@Buyer.Example", " ada@buyer.example "])
def test_a_whole_address_finds_person_and_orders(
    browser: Client, process: Process, asked: str
) -> None:
    order = direct_sale(process)

    found = page(browser, asked)

    assert f"/console/contacts/{Contact.objects.get().reference}/" in found
    assert f"/console/orders/{order.reference}/" in found


def test_an_order_without_a_contact_is_found_by_its_address(browser: Client) -> None:
    order = OrderFactory(
        state="needs_review", review_reason="unknown_session", buyer_email="zoe@elsewhere.example"
    )

    assert order.reference in page(browser, "zoe@elsewhere.example")


def test_the_beginning_of_an_address_finds_people(browser: Client) -> None:
    ContactFactory(email="grace@navy.example", email_key="grace@navy.example")
    ContactFactory(email="alan@park.example", email_key="alan@park.example")

    found = page(browser, "Grac")

    assert "grace@navy.example" in found
    assert "alan@park.example" not in found


@pytest.mark.parametrize("asked", ["Analyt", "analytical engines", "ENGINES"])
def test_a_company_is_found_by_its_beginning_or_a_word(browser: Client, asked: str) -> None:
    CompanyFactory(name="Analytical Engines")
    CompanyFactory(name="Difference Ltd")

    found = page(browser, asked)

    assert "Analytical Engines" in found
    assert "Difference Ltd" not in found


def test_sample_people_say_so(browser: Client) -> None:
    ContactFactory(email="s@sample.example", email_key="s@sample.example", is_sample=True)

    assert '<span class="badge sample">sample</span>' in page(browser, "s@sample")


def test_an_auditor_finds_references_and_no_people(auditor: Client, process: Process) -> None:
    order = direct_sale(process)
    contact = Contact.objects.get()
    CompanyFactory(name="Analytical Engines")

    assert look_up(auditor, order.reference) == f"/console/orders/{order.reference}/"
    assert look_up(auditor, contact.reference) == ""
    for asked in ("ada@buyer.example", "ada", "Analytical"):
        found = page(auditor, asked)
        assert "Nothing fits." in found
        assert "/console/contacts/" not in found.partition("<main")[2]


def test_searching_for_nothing_shows_how(browser: Client) -> None:
    assert "Find anything" in page(browser, "")


@pytest.mark.parametrize("asked", ["'; DROP TABLE x; --", "%", "_", "\\", "a & | !", "<b>", "🙂"])
def test_strange_words_are_only_words(browser: Client, asked: str) -> None:
    lead()

    found = page(browser, asked)

    assert "Nothing fits." in found
    assert "<b>" not in found.partition("<main")[2].replace("<b>Trinity", "")


def test_a_search_costs_few_statements(browser: Client, process: Process) -> None:
    direct_sale(process)
    page(browser, "ada@buyer.example")

    with CaptureQueriesContext(connection) as captured:
        page(browser, "ada@buyer.example")

    statements = [q["sql"] for q in captured if "set_config" not in q["sql"]]
    assert len(statements) <= SQL_MAX, "\n".join(statements)
