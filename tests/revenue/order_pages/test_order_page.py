"""The buyer's pages: what they say in each state, and to whom."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.test import Client

from fulfillment.enums import FreezeReason
from fulfillment.operations import freeze_work, open_intake
from fulfillment.usecases.start_run import start_run
from revenue.enums import MailState, OrderState
from revenue.models import Offer, Order
from tests.factories.fulfillment import home_project
from tests.factories.orders import (
    BuyerMailFactory,
    OrderFactory,
    dispute_of,
    refund_of,
    token_of,
)
from tests.factories.revenue import NOON, CheckoutFactory, OfferFactory

pytestmark = pytest.mark.django_db

SENTENCES = {
    "awaiting_payment": "Your order is placed. Your bank is processing the payment.",
    "paid": "Thank you. Your order is being prepared.",
    "partially_refunded": "We refunded $0.40 USD of your payment.",
    "refunded": "We refunded your payment.",
    "refund_owed": "A refund did not reach you. You still get $0.40 USD.",
    "disputed": "This payment is disputed, so the work is paused.",
    "failed": "The payment did not go through. Nothing was charged.",
    "needs_review": "Your payment arrived, and we are checking it.",
    "not_ours": "This payment is not for an order of ours.",
}
PAGES = ["/order/{}/", "/order/{}/receipt/", "/order/{}/refund-policy/"]


def opened(order: Order) -> Client:
    """A browser that has opened the link to ``order``."""
    client = Client()
    client.get(f"/o/{token_of(order)}/")
    return client


def read(client: Client, path: str) -> str:
    """Return the words of a page that opens."""
    response = client.get(path)
    assert response.status_code == 200
    return words_in(response.content.decode())


def words_in(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def order_in(state: str, **fields: object) -> Order:
    amounts = {"partially_refunded": 40, "refunded": 119}
    return OrderFactory(state=state, refunded_minor=amounts.get(state, 0), **fields)


def take_in(order: Order) -> None:
    open_intake(
        order_id=order.pk,
        order_ref=order.reference,
        offer_id=order.offer_id,
        deal_id=None,
        mode=order.mode,
        trace_ref=order.trace_ref,
        project_ref=home_project(),
        subjects=[],
        funded=order.funded,
        now=NOON,
    )


@pytest.mark.parametrize("state", OrderState.values)
def test_every_state_is_said_in_words(state: str) -> None:
    order = order_in(state)

    words = read(opened(order), f"/order/{order.reference}/")

    assert SENTENCES[state] in words
    assert order.reference in words
    assert "sandbox No money moved." in words
    assert ("othing was charged" in words) == (state == "failed")


@pytest.mark.parametrize("state", OrderState.values)
def test_no_page_names_the_person(state: str) -> None:
    order = order_in(state)
    client = opened(order)

    for page in PAGES:
        html = client.get(page.format(order.reference), follow=True).content.decode()
        assert "Lovelace" not in html
        assert "ada@buyer.example" not in html
        assert order.payment_intent_id not in html


def test_an_order_that_nobody_has_paid_promises_no_money() -> None:
    order = OrderFactory(state="needs_review", paid_at=None, review_reason="amount_differs")

    words = read(opened(order), f"/order/{order.reference}/")

    assert "We have not received any money for it yet." in words
    assert "Paid so far nothing" in words


def test_the_page_follows_the_work() -> None:
    order = OrderFactory()
    client, path = opened(order), f"/order/{order.reference}/"

    before = read(client, path)
    take_in(order)
    taken_in = read(client, path)
    start_run(order_id=order.pk, now=NOON)
    planned = read(client, path)
    freeze_work(order_id=order.pk, reason=FreezeReason.DISPUTE, now=NOON)
    paused = read(client, path)

    assert "Work being set up" in before
    assert "Work being set up" in taken_in
    assert "Waiting for your answer 1 Oct 2026, 12:00 UTC" in planned
    assert "Paused Your bank is looking into the payment." in paused
    assert "Work set up" not in paused


@pytest.mark.parametrize(
    ("day", "days", "due"),
    [
        ("2026-10-01", 2, "Mon 5 Oct 2026"),  # a Thursday; Saturday and Sunday do not count
        ("2026-10-02", 1, "Mon 5 Oct 2026"),
        ("2026-10-03", 1, "Mon 5 Oct 2026"),
        ("2026-10-04", 6, "Mon 12 Oct 2026"),
        ("2026-10-05", 2, "Wed 7 Oct 2026"),
    ],
)
def test_the_page_names_the_day_by_which_the_work_is_due(day: str, days: int, due: str) -> None:
    paid_at = datetime.fromisoformat(f"{day}T23:59Z")
    order = OrderFactory(paid_at=paid_at, offer=OfferFactory(delivered_within_days=days))

    words = read(opened(order), f"/order/{order.reference}/")

    assert f"Delivered By {due}. If you do not have it by then, write to us." in words


@pytest.mark.parametrize("state", SENTENCES)
def test_the_page_speaks_of_the_order_and_not_of_ourselves(state: str) -> None:
    order = order_in(state)

    words = read(opened(order), f"/order/{order.reference}/").lower()

    for ours in ("one of us", "this version", "our version", " mail "):
        assert ours not in words


def test_the_page_promises_nothing_that_this_version_does_not_do() -> None:
    order = OrderFactory()
    client, path = opened(order), f"/order/{order.reference}/"
    take_in(order)
    start_run(order_id=order.pk, now=NOON)

    words = read(client, path)

    assert "By Mon 5 Oct 2026. If you do not have it by then, write to us." in words
    for promise in ("has a plan", "will appear", "Delivered here"):
        assert promise not in words


@pytest.mark.parametrize("state", ["awaiting_payment", "needs_review"])
def test_nothing_is_promised_before_the_payment_either(state: str) -> None:
    order = order_in(state)

    words = read(opened(order), f"/order/{order.reference}/")

    assert "Work set up" in words
    assert "Delivered here" not in words
    assert "Work planned" not in words


def test_the_offer_promises_a_time_and_no_place() -> None:
    offer = OfferFactory(delivered_within_days=3)

    words = read(Client(), f"/offers/{offer.slug}/")

    assert "Delivered within 3 working days " in words
    assert "days, on your order page" not in words


@pytest.mark.parametrize("state", OrderState.values)
def test_the_steps_claim_nothing_about_who_does_the_work(state: str) -> None:
    order = order_in(state)
    take_in(order)
    start_run(order_id=order.pk, now=NOON)

    words = read(opened(order), f"/order/{order.reference}/")

    for claim in ("agent", "approves", "Checked by a person", "Being written", "one working day"):
        assert claim not in words


def test_a_lost_dispute_closes_the_order() -> None:
    order = order_in("disputed")
    dispute_of(order, status="lost")

    words = read(opened(order), f"/order/{order.reference}/")

    assert "Your bank gave the money back to you." in words
    assert "Delivered" not in words


def test_a_possible_double_payment_is_said() -> None:
    first = OrderFactory()
    second = OrderFactory(double_of=first)

    words = read(opened(second), f"/order/{second.reference}/")

    assert "You may have paid twice." in words
    assert "Your order is being prepared" not in words
    assert first.reference not in words


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("failed", "Your bank did not take the money, so it is still with us."),
        ("canceled", "It was not made, so the money is still with us."),
    ],
)
def test_a_refund_that_failed_is_said_with_where_the_money_is_and_whom_to_ask(
    status: str, sentence: str
) -> None:
    order = OrderFactory()
    refund_of(order, status=status)

    words = read(opened(order), f"/order/{order.reference}/")

    assert "A refund of $0.40 USD did not reach you." in words
    assert sentence in words
    assert f"write to hello@trinity.localhost and name order {order.reference}" in words


@pytest.mark.parametrize(
    ("state", "statuses"),
    [
        ("partially_refunded", ["succeeded"]),
        ("partially_refunded", ["failed", "succeeded"]),
        ("paid", ["failed", "pending"]),
        ("refunded", ["failed"]),  # by others than this one
        ("disputed", ["failed"]),  # the bank holds the money
    ],
)
def test_a_refund_that_others_made_good_or_that_holds_no_money_is_not_said_to_have_failed(
    state: str, statuses: list[str]
) -> None:
    order = order_in(state)
    for number, status in enumerate(statuses):
        refund_of(order, stripe_id=f"re_{number}", status=status)

    assert "did not reach you" not in read(opened(order), f"/order/{order.reference}/")


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (MailState.SENT, "We sent a receipt to the address you gave"),
        (MailState.QUEUED, "A receipt is on its way to the address you gave"),
        (MailState.UNKNOWN, "Our e-mail with the receipt may not have arrived"),
        (MailState.FAILED, "Our e-mail with the receipt may not have arrived"),
    ],
)
def test_the_page_says_where_the_receipt_is(state: str, sentence: str) -> None:
    order = OrderFactory()
    BuyerMailFactory(order=order, state=state)

    assert sentence in read(opened(order), f"/order/{order.reference}/")


def test_the_receipt_adds_up() -> None:
    order = order_in("partially_refunded")
    refund_of(order)
    client = opened(order)

    page, receipt = (
        read(client, path.format(order.reference)) for path in ("/order/{}/", "/order/{}/receipt/")
    )

    sums = (
        "Acquisition snapshot Version 1 $1.00 Tax $0.19 Total paid $1.19 USD "
        "Refund, 1 Oct 2026 returned −$0.40 Net paid $0.79 USD"
    )
    assert sums in page
    assert sums in receipt
    assert "1 Example Street, Sampletown hello@trinity.localhost" in receipt


def test_a_receipt_says_who_paid_and_through_whom() -> None:
    order, erased = OrderFactory(), OrderFactory(buyer_email="", buyer_name="")

    receipt, without = (
        read(opened(each), f"/order/{each.reference}/receipt/") for each in (order, erased)
    )

    assert "Paid through a stand-in for Stripe Paid by a…@b….example" in receipt
    assert "Paid through a stand-in for Stripe Sold by" in without


@pytest.mark.parametrize(("mode", "is_proof"), [("live", True), ("test", False)])
def test_only_a_live_receipt_is_proof_of_payment(mode: str, is_proof: bool) -> None:
    order = OrderFactory(mode=mode)

    words = read(opened(order), f"/order/{order.reference}/receipt/")

    assert ("This is no proof of payment." not in words) == is_proof


@pytest.mark.parametrize("state", ["awaiting_payment", "failed"])
def test_without_a_payment_there_is_no_receipt(state: str) -> None:
    order = order_in(state)

    response = opened(order).get(f"/order/{order.reference}/receipt/")

    assert (response.status_code, response.headers["Location"]) == (
        302,
        f"/order/{order.reference}/",
    )


def test_the_policy_is_that_of_the_version_that_was_bought() -> None:
    bought = OfferFactory(slug="snap", refund_policy="Thirty days.")
    order = OrderFactory(checkout=CheckoutFactory(offer=bought, state="complete"))
    Offer.objects.filter(pk=bought.pk).update(state="retired", retired_at=NOON)
    OfferFactory(slug="snap", version=2, refund_policy="Seven days.", refund_policy_version=2)

    words = read(opened(order), f"/order/{order.reference}/refund-policy/")

    assert "Thirty days." in words
    assert "Refund policy, version 1, of “Acquisition snapshot”, version 1" in words
    assert "Seven days." not in words


def test_a_payment_without_an_offer_has_pages_too() -> None:
    checkout = CheckoutFactory(origin="foreign", offer=None, state="complete", amount_minor=None)
    order = OrderFactory(checkout=checkout, state="needs_review")
    client = opened(order)

    assert "Payment $1.00" in read(client, f"/order/{order.reference}/")
    assert "no refund policy came with it" in read(
        client, f"/order/{order.reference}/refund-policy/"
    )


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_learns_nothing_not_even_that_there_is_an_order(page: str) -> None:
    order, other = OrderFactory(), OrderFactory()
    stranger = opened(other)

    answers = [
        stranger.get(page.format(order.reference)),
        stranger.get(page.format("ord_00000000000000000000000000")),
        Client().get(page.format(order.reference)),
    ]

    bodies = {re.sub(rb'name="csrf[^>]+>', b"", answer.content) for answer in answers}
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert len(bodies) == 1
    assert order.reference.encode() not in bodies.pop()


@pytest.mark.parametrize("page", PAGES)
def test_no_cache_keeps_a_buyers_page(page: str) -> None:
    order = OrderFactory()

    response = opened(order).get(page.format(order.reference))

    assert "no-store" in response.headers["Cache-Control"]
    assert "private" in response.headers["Cache-Control"]


def test_the_order_page_costs_few_statements(django_assert_max_num_queries: object) -> None:
    order = OrderFactory()
    client = opened(order)

    with django_assert_max_num_queries(7):
        client.get(f"/order/{order.reference}/")
