"""A buyer says on the order page which company and question it is about."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from fulfillment.models import AcquisitionRun, Brief, RunEvent, Turn
from fulfillment.operations.erasing import erase_briefs
from fulfillment.usecases.start_run import start_run
from ledger.queries.verification import verify
from revenue.models import Order
from revenue.usecases.answer_brief import fill_briefs
from tests.factories.crm import CompanyFactory, DealFactory
from tests.factories.fulfillment import NOON
from tests.factories.orders import OrderFactory
from tests.revenue.order_pages.test_order_page import opened, read, take_in

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER = {"company": "Acme Dental", "website": "acme.example", "question": "Where do we lose them?"}


@pytest.fixture
def order() -> Order:
    """A paid order whose work is set up."""
    made = OrderFactory(state="paid")
    take_in(made)
    start_run(order_id=made.pk, now=NOON)
    return made


def send(client: Client, order: Order, **changes: str) -> None:
    client.post(f"/order/{order.reference}/brief/", {**ANSWER, **changes})


def test_the_page_asks_and_planning_begins_with_the_answer(order: Order) -> None:
    client, path = opened(order), f"/order/{order.reference}/"

    asked = read(client, path)
    send(client, order)
    answered = read(client, path)

    assert "Waiting for your answer" in asked
    assert "Thank you. We have your answer." in answered
    assert "You can change this until we begin." in answered
    assert AcquisitionRun.objects.get().state == "planning"
    brief = Brief.objects.get()
    assert (brief.company, brief.question, brief.given_as) == (
        "Acme Dental", "Where do we lose them?", "buyer",
    )  # fmt: skip
    assert RunEvent.objects.latest("pk").kind == "brief_given"
    assert _complaints() == set()


def test_a_changed_answer_counts_and_the_same_one_is_kept_once(order: Order) -> None:
    client = opened(order)

    for company in ("Acme", "Acme", "Acme Dental"):
        send(client, order, company=company)

    assert list(Brief.objects.order_by("pk").values_list("company", flat=True)) == [
        "Acme", "Acme Dental",
    ]  # fmt: skip


def test_nothing_is_asked_once_the_agent_had_a_turn(order: Order) -> None:
    client = opened(order)
    send(client, order)
    run = AcquisitionRun.objects.get()
    Turn.objects.create(
        reference="turn_1", run=run, purpose="plan", mode=run.mode, opened_at=NOON,
        next_attempt_at=NOON,
    )  # fmt: skip

    send(client, order, company="Another")
    page = read(client, f"/order/{order.reference}/")

    assert "We have begun with your first answer." in page
    assert "What is your snapshot about?" not in page
    assert Brief.objects.count() == 1


def test_an_answer_without_a_company_is_asked_again(order: Order) -> None:
    response = opened(order).post(f"/order/{order.reference}/brief/", {**ANSWER, "company": " "})

    assert "Tell us which company this is about." in response.content.decode()
    assert not Brief.objects.exists()


def test_a_stranger_answers_nothing(order: Order) -> None:
    response = Client().post(f"/order/{order.reference}/brief/", ANSWER)

    assert response.status_code == 403
    assert not Brief.objects.exists()


def test_a_deal_that_nobody_accepted_fills_in_nothing() -> None:
    deal = DealFactory(company=CompanyFactory(), mode="sandbox")
    made = OrderFactory(state="paid", deal=deal)
    take_in(made)
    start_run(order_id=made.pk, now=NOON)

    assert fill_briefs(now=timezone.now()) == 0
    assert AcquisitionRun.objects.get().state == "waiting_for_brief"


def test_erased_words_leave_the_fact_and_the_books_agree(order: Order) -> None:
    send(opened(order), order)
    run = AcquisitionRun.objects.get()

    erase_briefs([run.reference])

    brief = Brief.objects.get()
    assert (brief.company, brief.website, brief.question, brief.salt) == ("", "", "", "")
    assert _complaints() == set()


def _complaints() -> set[str]:
    findings = verify(heads=None, public_keys=[], now=timezone.now()).findings
    return {
        each.code for each in findings
        if each.code in {"row_without_entry", "words_differ_from_digest", "entry_without_row"}
    }  # fmt: skip
