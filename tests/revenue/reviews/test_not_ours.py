"""Not ours: only where no checkout of ours took the money, said once more, told, taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.test import Client

from kernel import waiting_list
from kernel.modes import Mode
from kernel.references import new_reference
from ledger.models import LedgerEntry
from notices.outbox.letters import write_letter
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import CheckoutOrigin, RefundState
from revenue.models import BuyerMail, CheckoutSession, Order, OrderReview, RefundRequest
from revenue.operations.reviewing import NothingToDecide
from revenue.queries.letters import is_overtaken, letter_facts
from revenue.queries.refundable import refundable_now
from revenue.usecases.decide_review import accept_order, reopen_order, rule_out_order
from revenue.usecases.request_refund import request_refund
from tests.conftest import NOON
from tests.factories.people import client_of, make_person
from tests.factories.revenue import filed, refund_object
from tests.revenue.refunds.conftest import (
    _outside,
    gateway,
    outside,
    owner,
    pages_use_outside,
    paid_order,
)
from tests.revenue.reviews.conftest import Differs
from tests.revenue.reviews.test_decide_review import foreign_order

__all__ = ["_outside", "gateway", "outside", "owner", "pages_use_outside", "paid_order"]

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], object]


@pytest.fixture
def browser(operator: User) -> Client:
    return client_of(operator)


def rule_out(order: Order, person: User) -> OrderReview:
    return rule_out_order(
        order_ref=order.reference, reason="another shop's", actor_id=person.pk, now=NOON
    )


def reopen(order: Order, person: User) -> OrderReview:
    return reopen_order(
        order_ref=order.reference, reason="the buyer wrote", actor_id=person.pk, now=NOON
    )


def state_of(order: Order) -> str:
    return Order.objects.get(pk=order.pk).state


def send(browser: Client, order: Order, **typed: str) -> tuple[int, str]:
    typed = {"verdict": "not_ours", "reason": "another shop's", **typed}
    answer = browser.post(f"/console/orders/{order.reference}/review/", typed, follow=True)
    return answer.status_code, answer.content.decode()


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_what_our_own_checkout_took_is_ours(browser: Client, differs: Differs) -> None:
    order = differs()

    _status, page = send(browser, order, confirmed="1")

    assert state_of(order) == "needs_review"
    assert not OrderReview.objects.exists()
    assert "Our own checkout took this payment, so it is ours" in page
    assert "<h3>Not ours</h3>" not in page


def test_a_foreign_payment_offers_the_third_verb_and_says_it_once_more(
    browser: Client, process: Process
) -> None:
    order = foreign_order(process)
    panel = browser.get(f"/console/orders/{order.reference}/").content.decode()
    assert "<h3>Not ours</h3>" in panel

    status, page = send(browser, order)

    assert (status, state_of(order)) == (200, "needs_review")
    assert f"{order.total} is not ours?" in page
    assert f"Nothing is delivered for this payment of {order.total}" in words(page)
    assert "another shop&#x27;s" in page
    assert not OrderReview.objects.exists()

    send(browser, order, confirmed="1")

    assert state_of(order) == "not_ours"
    assert OrderReview.objects.get().reason == "another shop's"


def test_whoever_paid_is_told_in_plain_words(process: Process, operator: User) -> None:
    order = foreign_order(process)

    rule_out(order, operator)

    mail = BuyerMail.objects.get()
    assert (mail.kind, mail.to_address) == ("not_ours", order.buyer_email)
    letter = write_letter(
        template=f"revenue/mail/{mail.kind}",
        facts=letter_facts(mail) | {"link": "http://localhost/o/x/"},
        mode=Mode(mail.mode),
        to=(mail.to_address,),
        reference="mail_x",
    )
    assert f"Your payment of {order.total} is not for an order of ours" in letter.subject
    assert "can return the money" in " ".join(letter.text.split())


def test_a_ruled_out_payment_is_still_refunded_from_here(
    paid_order: Order, operator: User, owner: User, gateway: StripeGateway, process: Process
) -> None:
    order = paid_order
    CheckoutSession.objects.filter(pk=order.checkout_id).update(origin=CheckoutOrigin.FOREIGN)
    Order.objects.filter(pk=order.pk).update(
        state="needs_review", review_reason="unknown_session", offer=None
    )
    rule_out(order, operator)
    page = client_of(owner).get(f"/console/orders/{order.reference}/").content.decode()
    assert f"/console/orders/{order.reference}/refund/" in page

    order.refresh_from_db()
    asked = request_refund(
        order_ref=order.reference,
        request_ref=new_reference("rfq"),
        amount=order.total,
        seen=refundable_now(order),
        reason="it is the buyer's",
        actor_id=owner.pk,
        gateway=gateway,
        now=datetime.now(UTC),
    )
    payload = refund_object(order.checkout, id=asked.stripe_id, currency="usd", amount=10_000,
                         payment_intent=order.payment_intent_id, charge=None)  # fmt: skip
    filed("refund.updated", payload)
    process()

    order.refresh_from_db()
    asked.refresh_from_db()
    assert (asked.state, order.refunded_minor) == (RefundState.BOOKED, 10_000)
    assert order.state == "not_ours"
    kinds = set(BuyerMail.objects.values_list("kind", flat=True))
    assert {"not_ours", "refund_booked"} <= kinds
    page = client_of(owner).get(f"/console/orders/{order.reference}/").content.decode()
    assert "$100.00 USD that is not ours, refunded" in page


def test_reopened_it_waits_again_and_can_be_accepted(process: Process, operator: User) -> None:
    order = foreign_order(process)
    rule_out(order, operator)
    assert waiting_list.items() == []

    reopen(order, operator)

    assert state_of(order) == "needs_review"
    assert [(item.what, item.reference) for item in waiting_list.items()] == [
        ("review", order.reference)
    ]
    assert is_overtaken(BuyerMail.objects.select_related("order").get(kind="not_ours"))

    accept_order(order_ref=order.reference, reason="it is", actor_id=operator.pk, now=NOON)

    assert state_of(order) == "paid"
    verdicts = [review.verdict for review in OrderReview.objects.order_by("pk")]
    assert verdicts == ["not_ours", "reopened", "accepted"]
    events = LedgerEntry.objects.filter(subject=order.reference, event__startswith="order.re")
    assert sorted(events.values_list("event", flat=True)) == [
        "order.reopened", "order.reviewed", "order.reviewed",
    ]  # fmt: skip


def test_reopening_needs_a_reason_and_shows_who_did_it(browser: Client, process: Process) -> None:
    order = foreign_order(process)
    send(browser, order, confirmed="1")
    address = f"/console/orders/{order.reference}/reopen/"

    without = browser.post(address, {"reason": " "})
    assert (without.status_code, state_of(order)) == (400, "not_ours")

    page = browser.post(address, {"reason": "the buyer wrote"}, follow=True).content.decode()

    assert state_of(order) == "needs_review"
    assert "Reopened: the order waits for a decision again." in page
    assert "“the buyer wrote”" in page


def test_an_accepted_order_is_not_reopened(differs: Differs, operator: User) -> None:
    order = differs()
    accept_order(order_ref=order.reference, reason="fine", actor_id=operator.pk, now=NOON)

    with pytest.raises(NothingToDecide, match="nothing to take back"):
        reopen(order, operator)


def test_a_refund_that_stripe_refused_waits_again_and_can_be_reopened(
    differs: Differs, operator: User
) -> None:
    order = differs()
    OrderReview.objects.create(
        order=order, verdict="refund", reason="x", decided_by=operator, decided_at=NOON
    )
    asked = RefundRequest.objects.create(
        reference="rfq_refused", mode=order.mode, order=order, state="requested", amount_minor=90,
        currency="USD", requested_by=operator, requested_at=NOON,
    )  # fmt: skip
    with pytest.raises(NothingToDecide, match="on its way"):
        reopen(order, operator)
    assert waiting_list.items() == []

    RefundRequest.objects.filter(pk=asked.pk).update(state="refused")

    assert [item.reference for item in waiting_list.items()] == [order.reference]
    browser = client_of(make_person("owner"))
    assert "refund not sent" in browser.get("/console/review/").content.decode()
    reopen(order, operator)
    assert state_of(order) == "needs_review"


def test_the_database_keeps_verdicts_in_one_row(differs: Differs, operator: User) -> None:
    order = differs()
    facts = {"order": order, "reason": "x", "decided_by": operator, "decided_at": NOON}
    OrderReview.objects.create(verdict="not_ours", **facts)

    with pytest.raises(IntegrityError, match="order_review_begins_once"):
        OrderReview.objects.create(verdict="accepted", **facts)
