"""One person who pays one offer twice within a day: both are booked, and the second work waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fulfillment.models import AcquisitionRun, OrderIntake
from fulfillment.usecases.start_run import start_run
from kernel import waiting_list
from notices.models import OperatorAlert
from revenue.enums import OfferState
from revenue.models import BuyerMail, Offer, Order, RevenueEvent, StripeWebhookEvent
from revenue.queries.doubles import possible_doubles
from revenue.usecases.accept_double_payment import accept_double_payment
from tests.factories.people import client_of
from tests.factories.revenue import (
    NOON,
    CheckoutFactory,
    OfferFactory,
    filed,
    refund_object,
    session_object,
)

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], list[StripeWebhookEvent]]
ADA = "ada@buyer.example"


@pytest.fixture
def offer() -> Offer:
    return OfferFactory()


def buy(
    process: Process, offer: Offer, *, email: str = ADA, after: timedelta = timedelta(), **by: Any
) -> Order:
    """Buy ``offer`` through a checkout of its own, that long after noon."""
    checkout = CheckoutFactory(offer=offer, **by)
    payload = session_object(checkout, customer_details={"email": email, "name": "Ada"})
    filed("checkout.session.completed", payload, created=int((NOON + after).timestamp()))
    process()
    return Order.objects.latest("pk")


def holds() -> list[str]:
    return list(OrderIntake.objects.order_by("order_id").values_list("frozen_reason", flat=True))


def waiting() -> list[str]:
    return [item.reference for item in waiting_list.items() if item.what == "double"]


@pytest.mark.parametrize("email", [ADA, "ADA@Buyer.Example"])
def test_the_second_work_waits_and_all_else_is_as_ever(
    process: Process, offer: Offer, email: str
) -> None:
    first = buy(process, offer)
    second = buy(process, offer, email=email, after=timedelta(hours=23))
    for order in (first, second):
        start_run(order_id=order.pk, now=NOON)

    assert (first.state, second.state) == ("paid", "paid")
    assert (first.double_of_id, second.double_of_id) == (None, first.pk)
    assert RevenueEvent.objects.filter(kind="payment").count() == 2
    assert sorted(BuyerMail.objects.values_list("kind", "order")) == [
        ("paid", first.pk),
        ("paid", second.pk),
    ]
    assert holds() == ["", "review"]
    runs = AcquisitionRun.objects.order_by("intake__order_id").values_list("state", flat=True)
    assert list(runs) == ["waiting_for_brief", "frozen"]
    assert waiting() == [second.reference]


def test_a_new_version_of_the_offer_is_the_same_offer(process: Process, offer: Offer) -> None:
    buy(process, offer)
    offer.move(OfferState.RETIRED, retired_at=NOON)
    newer = OfferFactory(slug=offer.slug, version=2)

    assert buy(process, newer).double_of_id is not None


def test_another_offer_another_day_and_another_person_are_no_double(
    process: Process, offer: Offer
) -> None:
    buy(process, offer)

    others = [
        buy(process, OfferFactory()),
        buy(process, offer, after=timedelta(hours=25)),
        buy(process, offer, email="grace@buyer.example"),
    ]

    assert [order.double_of_id for order in others] == [None] * 3
    assert set(holds()) == {""}


def test_who_was_refunded_may_buy_again(process: Process, offer: Offer) -> None:
    first = buy(process, offer)
    filed("refund.created", refund_object(first.checkout))
    process()

    assert buy(process, offer).double_of_id is None


def test_it_can_be_switched_off(process: Process, offer: Offer, settings: Any) -> None:
    settings.DOUBLE_PAYMENT_HOURS = 0
    buy(process, offer)

    assert buy(process, offer).double_of_id is None


def test_a_bank_that_pays_later_is_looked_at_when_it_pays(process: Process, offer: Offer) -> None:
    checkout = CheckoutFactory(offer=offer)
    filed("checkout.session.completed", session_object(checkout, payment_status="unpaid"))
    process()
    first = buy(process, offer)
    filed("checkout.session.async_payment_succeeded", session_object(checkout))
    process()

    slow = Order.objects.get(checkout=checkout)
    assert slow.double_of_id == first.pk
    assert OrderIntake.objects.get(order=slow).frozen_reason == "review"


def test_the_work_goes_on_when_a_person_says_that_both_were_meant(
    process: Process, offer: Offer, operator: User
) -> None:
    buy(process, offer)
    second = buy(process, offer)
    page = client_of(operator).get(f"/console/orders/{second.reference}/").content.decode()

    accept_double_payment(
        order_ref=second.reference, reason="two plants", actor_id=operator.pk, now=NOON
    )

    assert "The same buyer had paid" in page
    assert holds() == ["", ""]
    assert waiting() == []
    third = buy(process, offer)
    assert third.double_of_id is not None  # that word was about the second


def test_operators_are_told_once_until_somebody_decides(
    process: Process, offer: Offer, operator: User
) -> None:
    first = buy(process, offer)
    second = buy(process, offer)
    refund(process, first, amount=40)

    alert = OperatorAlert.objects.get(closed_at=None)
    assert (alert.kind, alert.subject) == ("double_payment", second.reference)
    assert alert.facts == {"amount_minor": second.amount_minor, "currency": second.currency}

    accept_double_payment(
        order_ref=second.reference, reason="two plants", actor_id=operator.pk, now=NOON
    )

    assert OperatorAlert.objects.get().closed_at == NOON


def test_a_second_payment_of_a_deal_waits_too(process: Process, offer: Offer) -> None:
    first = buy(process, offer)
    buy(process, offer, email="boss@buyer.example", trace_ref=first.trace_ref)

    assert holds() == ["", "review"]


def test_what_was_given_back_in_full_is_frozen_as_refunded(process: Process, offer: Offer) -> None:
    buy(process, offer)
    second = buy(process, offer)
    filed("refund.created", refund_object(second.checkout))
    process()

    assert holds() == ["", "refund"]


def refund(process: Process, order: Order, **changes: Any) -> None:
    type_ = "refund.failed" if changes.get("status") == "failed" else "refund.created"
    payload = refund_object(order.checkout, id=f"re_1Test{order.pk:08d}", **changes)
    filed(type_, payload)
    process()


def test_the_list_of_what_needs_review_names_it_and_leads_there(
    process: Process, offer: Offer, operator: User
) -> None:
    buy(process, offer)
    second = buy(process, offer)
    browser = client_of(operator)

    page = browser.get("/console/review/").content.decode()
    assert "1 possible double payment waits for a decision" in page
    assert "Nothing needs review" not in page
    leads_to = browser.get("/console/orders/?double=possible").content.decode()
    assert 'href="/console/orders/?double=possible"' in page
    assert second.reference in leads_to

    accept_double_payment(
        order_ref=second.reference, reason="two plants", actor_id=operator.pk, now=NOON
    )
    assert "Nothing needs review" in browser.get("/console/review/").content.decode()


def test_the_second_work_goes_on_once_all_of_the_first_went_back(
    process: Process, offer: Offer, operator: User
) -> None:
    first = buy(process, offer)
    second = buy(process, offer)

    refund(process, first)

    assert holds() == ["refund", ""]
    assert waiting() == []
    assert not possible_doubles().exists()
    page = client_of(operator).get(f"/console/orders/{second.reference}/").content.decode()
    assert "this is the one that counts" in page
    assert "Possible double payment" not in page


def test_of_three_payments_one_is_worked_on_once_the_first_went_back(
    process: Process, offer: Offer
) -> None:
    first, second, third = (buy(process, offer) for _ in range(3))

    refund(process, first)

    assert holds() == ["refund", "", "review"]
    assert Order.objects.get(pk=third.pk).double_of_id == second.pk
    assert waiting() == [third.reference]


def test_the_third_waits_for_the_first_once_the_second_went_back(
    process: Process, offer: Offer
) -> None:
    first = buy(process, offer)
    second = buy(process, offer)
    refund(process, first)
    third = buy(process, offer)
    refund(process, first, status="failed")

    refund(process, second)

    assert Order.objects.get(pk=third.pk).double_of_id == first.pk
    assert holds() == ["refund", "refund", "review"]  # the first is owed, and held until it is paid


def test_the_third_waits_again_when_the_refund_of_the_first_fails(
    process: Process, offer: Offer
) -> None:
    first, second, _ = (buy(process, offer) for _ in range(3))
    refund(process, first)
    refund(process, second)
    assert holds() == ["refund", "refund", ""]

    refund(process, first, status="failed")

    assert holds() == ["refund", "refund", "review"]  # the first is owed, and held until it is paid


def test_the_second_work_waits_on_while_part_of_the_first_is_held(
    process: Process, offer: Offer
) -> None:
    first = buy(process, offer)
    second = buy(process, offer)

    refund(process, first, amount=40)

    assert holds() == ["", "review"]
    assert waiting() == [second.reference]


def test_the_second_work_waits_again_when_the_refund_of_the_first_fails(
    process: Process, offer: Offer
) -> None:
    first = buy(process, offer)
    second = buy(process, offer)
    refund(process, first)

    refund(process, first, status="failed")

    assert Order.objects.get(pk=second.pk).may_be_double
    assert holds()[1] == "review"
    assert waiting() == [second.reference]


def test_looking_for_an_earlier_payment_is_one_statement(process: Process, offer: Offer) -> None:
    process()
    with CaptureQueriesContext(connection) as captured:
        buy(process, offer)

    looked = [q["sql"] for q in captured if "wanted.slug = sold.slug" in q["sql"]]
    assert len(looked) == 1
