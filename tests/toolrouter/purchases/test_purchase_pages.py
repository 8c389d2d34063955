"""What people see of purchases by hand, and what they do there."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from approvals.models import ApprovalRequest
from kernel.money import Money
from ledger.models import AuditEvent
from tests.factories.people import client_of, make_person
from tests.toolrouter.agents import database_now
from tests.toolrouter.purchases.shopping import PDF, Shopper, again, buy
from tests.toolrouter.spending.buying import findings
from toolrouter.bookkeeping import BYTE_ORDER_MARK
from toolrouter.models import ConfirmedPayee, Purchase, PurchaseReceipt
from toolrouter.operations.erasing import erase_asked, erase_purchases
from toolrouter.queries.purchases import purchase_by_reference
from toolrouter.usecases.confirm_payee import CannotConfirm, confirm_payee

pytestmark = pytest.mark.django_db


def address(purchase: Purchase, verb: str = "") -> str:
    return f"/console/purchases/{purchase.reference}/{verb}"


def typed(**changed: Any) -> dict[str, Any]:
    form = {
        "amount": "49.00",
        "currency": "USD",
        "paid_on": database_now().date().isoformat(),
        "reason": "",
        "file": SimpleUploadedFile("x.exe", PDF, content_type="text/html"),
    }
    return {name: value for name, value in (form | changed).items() if value is not None}


@pytest.fixture
def page(operator: User) -> Client:
    return client_of(operator)


def test_the_list_has_lanes(page: Client, shopper: Shopper, purchase: Purchase) -> None:
    shown = {
        lane: purchase.reference in page.get(f"/console/purchases/?lane={lane}").content.decode()
        for lane in ("", "to_buy", "do_not_buy", "overdue", "closed")
    }

    assert shown == {
        "": True, "to_buy": True, "do_not_buy": False, "overdue": False, "closed": False,
    }  # fmt: skip


def test_a_call_leads_to_its_purchase(page: Client, purchase: Purchase) -> None:
    call = page.get(f"/console/tool-calls/{purchase.call.reference}/").content.decode()

    assert f'href="{address(purchase)}"' in call


def test_what_is_overdue_says_so(settings: Any, shopper: Shopper, page: Client) -> None:
    settings.PURCHASE_OVERDUE_H = -1
    late = shopper.handed_over()

    assert b"overdue" in page.get(address(late)).content
    assert late.reference in page.get("/console/purchases/?lane=overdue").content.decode()


def test_a_page_names_what_was_approved_and_by_whom(
    page: Client, purchase: Purchase, owner: User
) -> None:
    said = page.get(address(purchase)).content.decode()

    for word in ("Buy this", "$49.00 USD", "crunchline.example", "new payee", owner.email):
        assert word in said
    for ref in (purchase.approval_ref, purchase.call.reference, purchase.run_ref):
        assert ref in said


def test_an_operator_books_what_was_paid_with_its_receipt(page: Client, purchase: Purchase) -> None:
    said = page.post(address(purchase, "bought/"), typed(amount="48.50"))

    assert said.status_code == 302
    assert again(purchase).paid == Money(48_50, "USD")
    assert bytes(PurchaseReceipt.objects.get().content) == PDF
    assert b"This was bought" in page.get(address(purchase)).content


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"amount": "1e3"}, "Enter an amount like"),
        ({"amount": "-1"}, "Enter an amount like"),
        ({"amount": "0"}, "close it as not bought"),
        ({"currency": "XYZ"}, "three letters"),
        ({"paid_on": "2031-01-01"}, "has not come yet"),
        ({"paid_on": "2001-01-01"}, "It was approved on"),
        ({"file": None}, "say below why there is none"),
        ({"file": SimpleUploadedFile("a.pdf", b"<script>")}, "not a complete PDF, PNG or JPEG"),
        ({"file": SimpleUploadedFile("a.pdf", b"")}, "empty"),
    ],
)
def test_what_cannot_be_booked_is_said_and_nothing_is_booked(
    page: Client, purchase: Purchase, changed: dict[str, Any], says: str
) -> None:
    said = page.post(address(purchase, "bought/"), typed(**changed))

    assert said.status_code == 400
    assert says in said.content.decode()
    assert again(purchase).state == "to_buy"


def test_a_file_that_is_too_big_is_refused_unread(page: Client, purchase: Purchase) -> None:
    big = SimpleUploadedFile("a.pdf", b"x" * (5 * 1024 * 1024 + 64 * 1024))

    assert page.post(address(purchase, "bought/"), typed(file=big)).status_code == 413
    assert again(purchase).state == "to_buy"


def test_other_pages_still_take_no_file(page: Client, purchase: Purchase) -> None:
    said = page.post(address(purchase, "not-bought/"), {"reason": "x", "file": typed()["file"]})

    assert said.status_code == 400
    assert again(purchase).state == "to_buy"


def test_a_receipt_is_downloaded_and_never_shown(
    page: Client, purchase: Purchase, operator: User
) -> None:
    buy(purchase, operator)

    said = page.get(address(purchase, "file/"))

    assert b"".join(said.streaming_content) == PDF  # type: ignore[attr-defined]  # a stream
    assert said["Content-Type"] == "application/pdf"
    assert said["Content-Disposition"] == f'attachment; filename="{purchase.reference}.pdf"'
    assert said["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in said["Content-Security-Policy"]


def test_not_bought_needs_a_reason(page: Client, purchase: Purchase) -> None:
    assert page.post(address(purchase, "not-bought/"), {"reason": ""}).status_code == 400
    assert page.post(address(purchase, "not-bought/"), {"reason": "Sold out"}).status_code == 302
    assert again(purchase).state == "not_bought"


def test_an_auditor_reads_and_changes_nothing(purchase: Purchase) -> None:
    auditor = client_of(make_person("auditor"))

    assert auditor.get(address(purchase)).status_code == 200
    for verb in ("bought/", "not-bought/", "cancel/", "receipt/", "payee/"):
        assert auditor.post(address(purchase, verb), typed()).status_code == 403
    assert again(purchase).state == "to_buy"


def test_the_months_export_defuses_formulas_and_names_the_mode(
    page: Client, shopper: Shopper, operator: User
) -> None:
    bought = shopper.handed_over(what="=HYPERLINK(1)", vendor="-SUM Inc")
    buy(bought, operator, paid=Money(12_34, "USD"))

    said = page.get(f"/console/purchases/export/?month={database_now():%Y-%m}")

    assert "attachment" in said["Content-Disposition"]
    [line] = csv.DictReader(StringIO(said.content.decode().removeprefix(BYTE_ORDER_MARK)))
    assert (line["what"], line["vendor"]) == ("'=HYPERLINK(1)", "'-SUM Inc")
    assert (line["mode"], line["amount"], line["currency"]) == ("sandbox", "12.34", "USD")
    earlier = (database_now().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    empty = page.get(f"/console/purchases/export/?month={earlier}").content.decode()
    assert len(empty.splitlines()) == 1
    assert page.get("/console/purchases/export/?month=2026-13").status_code == 404


def test_an_owner_confirms_a_payee_and_requests_stop_calling_it_new(
    shopper: Shopper, purchase: Purchase, operator: User, owner: User
) -> None:
    with pytest.raises(CannotConfirm):
        confirm_payee(purchase.reference, actor_id=owner.pk, now=database_now())
    buy(purchase, operator)

    said = [
        confirm_payee(purchase.reference, actor_id=owner.pk, now=database_now()) for _ in range(2)
    ]

    assert said == [True, False]
    assert ConfirmedPayee.objects.get().payee == "crunchline.example"
    assert AuditEvent.objects.get(event="payee.confirmed").actor == f"user:{owner.pk}"
    found = purchase_by_reference(purchase.reference)
    assert found is not None
    assert not found.is_new_payee
    request = ApprovalRequest.objects.get(reference=shopper.ask_for(what="Other").approval)
    assert "New payee" not in request.around
    assert "Last paid to this payee: $49.00 USD" in request.around
    assert findings() == []


def test_a_probable_double_is_named_beside_the_request(
    shopper: Shopper, purchase: Purchase
) -> None:
    bought_alike = shopper.ask_for(what="The same again")
    asked_alike = shopper.ask_for(what="And again")
    other = shopper.ask_for(what="And again", amount_minor=49_01)

    around = {
        each.action: ApprovalRequest.objects.get(reference=each.approval).around
        for each in (bought_alike, asked_alike, other)
    }
    assert purchase.reference in around[bought_alike.action]
    assert str(bought_alike.approval) in around[asked_alike.action]
    assert "Probably a double" not in around[other.action]


def test_an_erasure_takes_words_and_receipt_and_the_books_still_verify(
    shopper: Shopper, purchase: Purchase, operator: User
) -> None:
    buy(purchase, operator, reason="Ada asked for it")
    contacts = [shopper.agent.deal.contact_id]

    assert erase_purchases(contacts) == [purchase.reference]
    erase_asked(contacts)

    left, file = again(purchase), PurchaseReceipt.objects.get()
    assert (left.what, left.reason, left.words_salt) == ("", "", "")
    assert (bytes(file.content), file.sha256, file.salt) == (b"", "", "")
    assert left.paid == Money(49_00, "USD")
    assert findings() == []
    assert erase_purchases(contacts) == []
    page = client_of(operator)
    assert b"Erased" in page.get(address(purchase)).content
    assert page.get(address(purchase, "file/")).status_code == 404


def test_what_is_still_to_be_bought_is_called_off_by_an_erasure(
    shopper: Shopper, purchase: Purchase
) -> None:
    erase_purchases([shopper.agent.deal.contact_id])

    found = purchase_by_reference(purchase.reference)
    assert found is not None
    assert found.row.off_why == "erased"


def test_search_finds_a_purchase(page: Client, purchase: Purchase) -> None:
    said = page.get(f"/console/search/?q={purchase.reference}")

    assert said["Location"] == address(purchase)


def test_the_trace_has_it_at_work(page: Client, purchase: Purchase) -> None:
    said = page.get(f"/console/trace/{purchase.trace_ref}/").content.decode()

    assert purchase.reference in said
    assert "Manual purchase" in said


def test_what_waits_to_be_bought_is_counted_in_the_navigation(
    page: Client, purchase: Purchase
) -> None:
    said = page.get("/console/purchases/").content.decode()

    assert 'Purchases <span class="count">1<span class="unseen">' in " ".join(said.split())
