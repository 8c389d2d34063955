"""A dispute waits until Stripe says that it was answered or closed; nobody takes it away before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from kernel import waiting_list
from notices.models import OperatorAlert
from notices.usecases.tend_alert import NotTended, dismiss_alert, snooze_alert
from revenue.models import CheckoutSession, Dispute, Order, OrderNote
from tests.conftest import NOON
from tests.factories.orders import OrderFactory
from tests.factories.people import client_of, make_person
from tests.factories.revenue import CheckoutFactory, dispute_object, filed, session_object

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], object]
DUE = datetime(2026, 12, 24, tzinfo=UTC)


@pytest.fixture
def operator() -> User:
    return make_person("operator")


@pytest.fixture
def checkout(process: Process) -> CheckoutSession:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    process()
    return checkout


def tell(checkout: CheckoutSession, process: Process, status: str) -> None:
    evidence = {"due_by": int(DUE.timestamp()), "has_evidence": False}
    payload = dispute_object(checkout, status=status, evidence_details=evidence)
    filed("charge.dispute.updated", payload)
    process()


def on_the_desk() -> list[tuple[str, datetime | None]]:
    return [(item.handle, item.due_at) for item in waiting_list.items() if item.what == "dispute"]


@pytest.mark.parametrize("status", ["needs_response", "warning_needs_response", "a_new_word"])
@pytest.mark.parametrize("end", ["under_review", "won", "lost"])
def test_it_stays_until_stripe_says_so(
    checkout: CheckoutSession, process: Process, operator: User, status: str, end: str
) -> None:
    tell(checkout, process, status)
    alert = OperatorAlert.objects.get(kind="dispute_opened")
    dispute_id = Dispute.objects.get().stripe_id

    with pytest.raises(NotTended, match="Stripe waits for an answer"):
        dismiss_alert(alert_ref=alert.reference, actor_id=operator.pk, now=NOON)
    with pytest.raises(NotTended, match="Stripe waits for an answer"):
        snooze_alert(
            alert_ref=alert.reference,
            until=NOON + timedelta(days=9),
            actor_id=operator.pk,
            now=NOON,
        )
    assert on_the_desk() == [(dispute_id, DUE)]
    client_of(operator).post(f"/console/alerts/{alert.reference}/dismiss/")
    client_of(operator).post(f"/console/alerts/{alert.reference}/close/")  # 0.1's button
    assert on_the_desk() == [(dispute_id, DUE)]

    tell(checkout, process, end)

    assert on_the_desk() == []


def test_one_that_was_dismissed_by_an_older_version_is_back(
    checkout: CheckoutSession, process: Process
) -> None:
    tell(checkout, process, "needs_response")
    OperatorAlert.objects.update(closed_at=NOON)

    assert [handle for handle, _due in on_the_desk()] == [Dispute.objects.get().stripe_id]


def test_when_it_is_answered_its_alert_ends_by_itself(
    checkout: CheckoutSession, process: Process
) -> None:
    tell(checkout, process, "needs_response")
    tell(checkout, process, "under_review")

    alert = OperatorAlert.objects.get(kind="dispute_opened")
    assert (alert.closed_at is not None, alert.closed_by) == (True, None)
    assert [item.what for item in waiting_list.items()] == []


@pytest.fixture
def browser(operator: User) -> Client:
    return client_of(operator)


def read(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_and_the_page_name_the_deadline(
    checkout: CheckoutSession, process: Process, browser: Client
) -> None:
    tell(checkout, process, "needs_response")
    dispute, order = Dispute.objects.get(), Order.objects.get()

    listed = read(browser, "/console/disputes/")
    page = read(browser, f"/console/disputes/{dispute.stripe_id}/")

    for said in (listed, page):
        assert dispute.stripe_id in said
        assert order.reference in said
        assert "24 Dec 2026" in said
    assert f"/console/disputes/{dispute.stripe_id}/" in read(browser, "/console/")
    assert f"/console/disputes/{dispute.stripe_id}/" in read(
        browser, f"/console/orders/{order.reference}/"
    )
    assert "Disputes" in read(browser, "/console/orders/")


def test_the_list_is_narrowed_and_goes_on_by_key(browser: Client) -> None:
    made = [
        Dispute.objects.create(
            stripe_id=f"dp_{number:03}x", order=order, mode=order.mode, amount_minor=100,
            status="lost" if number % 2 else "needs_response", currency="USD", opened_at=NOON,
        )
        for number, order in enumerate(OrderFactory.create_batch(52))
    ]  # fmt: skip

    first = read(browser, "/console/disputes/")
    assert made[-1].stripe_id in first
    assert made[0].stripe_id not in first
    assert f"?before={made[2].pk}" in first
    assert made[0].stripe_id in read(browser, f"/console/disputes/?before={made[2].pk}")
    closed = read(browser, "/console/disputes/?standing=closed")
    assert (made[1].stripe_id in closed, made[2].stripe_id in closed) == (True, False)
    assert "No disputes match these filters." in read(browser, "/console/disputes/?mode=live")


def test_a_note_is_kept_with_the_dispute_and_the_order(
    checkout: CheckoutSession, process: Process, browser: Client
) -> None:
    tell(checkout, process, "needs_response")
    dispute, order = Dispute.objects.get(), Order.objects.get()
    address = f"/console/orders/{order.reference}/note/"

    empty = browser.post(address, {"words": " ", "about": dispute.stripe_id})
    stray = browser.post(address, {"words": "x", "about": "dp_of_another"})
    answer = browser.post(address, {"words": "Ada called.", "about": dispute.stripe_id})

    assert (empty.status_code, stray.status_code) == (400, 404)
    assert answer["Location"] == f"/console/disputes/{dispute.stripe_id}/"
    assert OrderNote.objects.get().words == "Ada called."
    assert "Ada called." in read(browser, answer["Location"])
    assert "Ada called." in read(browser, f"/console/orders/{order.reference}/")


def test_an_auditor_reads_disputes_and_no_words(
    checkout: CheckoutSession, process: Process, browser: Client
) -> None:
    tell(checkout, process, "needs_response")
    dispute, order = Dispute.objects.get(), Order.objects.get()
    note = {"words": "Ada called.", "about": dispute.stripe_id}
    browser.post(f"/console/orders/{order.reference}/note/", note)
    auditor = client_of(make_person("auditor"))

    page = read(auditor, f"/console/disputes/{dispute.stripe_id}/")

    assert "Ada" not in page
    assert auditor.post(f"/console/orders/{order.reference}/note/", note).status_code == 403
