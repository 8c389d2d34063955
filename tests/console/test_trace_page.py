"""The trace in the browser: for whom, without whom, and looking behind it."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kernel.references import new_reference
from ledger.models import LedgerEntry
from tests.console.sales import SECRETS, Process, direct_sale, whole_sale
from tests.factories.orders import OrderFactory

pytestmark = pytest.mark.django_db(transaction=True)

SQL_MAX = 20


def test_any_reference_shows_the_sale(browser: Client, process: Process) -> None:
    order = direct_sale(process)

    page = browser.get(f"/console/trace/{order.payment_intent_id}/").content.decode()

    assert "<h1>Acquisition snapshot for $1.00 USD: paid</h1>" in page
    assert "Payment booked</a>" in page
    assert "payment_booked" not in page
    assert order.reference in page
    assert "in every record" in page


def test_finding_leads_to_the_trace(browser: Client, process: Process) -> None:
    order = direct_sale(process)

    answer = browser.get("/console/trace/", {"ref": f" {order.checkout.stripe_id} "})

    assert answer["Location"] == f"/console/trace/{order.trace_ref}/"


@pytest.mark.parametrize("address", ["/console/trace/?ref=ord_x", "/console/trace/ord_x/"])
def test_an_unknown_reference_says_what_can_be_looked_up(browser: Client, address: str) -> None:
    answer = browser.get(address)

    assert answer.status_code == 404
    assert "No sale is known for" in answer.content.decode()
    assert "Stripe&#x27;s evt_…, cs_…" in answer.content.decode()


def test_one_sealed_entry_is_said_as_one(browser: Client, seal: Callable[[], None]) -> None:
    address = f"/console/trace/{OrderFactory().trace_ref}/"
    pages = []
    for _look in range(2):
        browser.post(f"{address}reveal/")
        browser.get(address)  # names them
        seal()
        pages.append(browser.get(address).content.decode())

    assert "1 entry, sealed." in pages[0]
    assert "2 entries, all of them sealed." in pages[1]


def test_who_bought_twice_has_two_sales(browser: Client, process: Process) -> None:
    first, second = direct_sale(process), direct_sale(process)
    contact_ref = first.contact.reference
    assert second.contact == first.contact

    page = browser.get("/console/trace/", {"ref": contact_ref}, follow=True).content.decode()
    out, said = StringIO(), StringIO()
    call_command("trace", contact_ref, stdout=out, stderr=said)

    assert "has 2 sales; this is the newest." in page
    assert f'<a href="/console/trace/{first.trace_ref}/">' in page
    assert f"manage.py trace {second.trace_ref}" in page
    assert out.getvalue().startswith(f"Trace {second.trace_ref}")
    assert f"{contact_ref} has 2 sales; this is the newest." in said.getvalue()
    assert first.trace_ref in said.getvalue()


def test_who_bought_once_has_one_sale(browser: Client, process: Process) -> None:
    contact_ref = direct_sale(process).contact.reference
    said = StringIO()
    call_command("trace", contact_ref, stdout=StringIO(), stderr=said)

    page = browser.get("/console/trace/", {"ref": contact_ref}, follow=True).content.decode()

    assert "this is the newest" not in page + said.getvalue()


def test_nobody_is_named(browser: Client, process: Process, operator: User) -> None:
    order = whole_sale(process, operator_id=operator.pk)

    page = browser.get(f"/console/trace/{order.reference}/").content.decode()

    assert not [secret for secret in SECRETS if secret in page]


def test_revealing_shows_once_and_is_recorded(
    browser: Client, process: Process, operator: User
) -> None:
    order = whole_sale(process, operator_id=operator.pk)
    address = f"/console/trace/{order.trace_ref}/"

    revealed = browser.post(f"{address}reveal/", follow=True)
    after = browser.get(address).content.decode()

    assert "Ada Lovelace" in revealed.content.decode()
    assert "ada@buyer.example" in revealed.content.decode()
    assert revealed.redirect_chain == [(address, 302)]  # reloading asks for the plain page
    assert "no-store" in revealed["Cache-Control"]
    assert "Ada Lovelace" not in after
    entry = LedgerEntry.objects.get(event="personal_data.revealed")
    assert (entry.subject, entry.facts) == (order.trace_ref, {"actor": f"user:{operator.pk}"})
    assert order.reference in entry.refs


def test_an_auditor_cannot_reveal(auditor: Client, process: Process) -> None:
    order = direct_sale(process)
    address = f"/console/trace/{order.trace_ref}/"

    assert "Reveal" not in auditor.get(address).content.decode()
    assert auditor.post(f"{address}reveal/").status_code == 403
    assert not LedgerEntry.objects.filter(event="personal_data.revealed").exists()


def test_revealing_nobody_records_nothing(browser: Client) -> None:
    answer = browser.post(f"/console/trace/{new_reference('trc')}/reveal/")

    assert answer.status_code == 302
    assert not LedgerEntry.objects.exists()


def test_the_page_costs_at_most_twenty_statements(
    browser: Client, process: Process, operator: User
) -> None:
    order = whole_sale(process, operator_id=operator.pk)
    browser.get(f"/console/trace/{order.trace_ref}/")

    with CaptureQueriesContext(connection) as captured:
        browser.get(f"/console/trace/{order.trace_ref}/")

    statements = [q["sql"] for q in captured if "set_config" not in q["sql"]]
    assert len(statements) <= SQL_MAX, "\n".join(statements)
