"""A verdict is one row, final, and everything that follows from it is in its commit."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from crm.models import Activity, Deal
from fulfillment.models import OrderIntake
from ledger.models import LedgerEntry
from notices.models import OperatorAlert
from notices.queries.alert_lines import alert_line
from revenue.enums import OrderState, ReviewVerdict
from revenue.models import BuyerMail, CheckoutSession, Order, OrderReview, RevenueEvent
from revenue.operations.reviewing import AlreadyDecided, NothingToDecide
from revenue.usecases.decide_review import accept_order, rule_out_order
from tests.conftest import NOON
from tests.factories.revenue import (
    CheckoutFactory,
    dispute_object,
    filed,
    movement,
    refund_object,
    session_object,
)
from tests.revenue.reviews.conftest import Differs

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], object]
FOREIGN: dict[str, Any] = {"client_reference_id": "somebody-elses-42", "metadata": {}}


def accept(order: Order, person: User) -> OrderReview:
    return accept_order(
        order_ref=order.reference, reason="an agreed discount", actor_id=person.pk, now=NOON
    )


def rule_out(order: Order, person: User) -> OrderReview:
    return rule_out_order(
        order_ref=order.reference, reason="another shop's", actor_id=person.pk, now=NOON
    )


def tell(event: str, order: Order, process: Process, **changes: Any) -> None:
    build = dispute_object if "dispute" in event else refund_object
    filed(event, build(order.checkout, **changes))
    process()
    order.refresh_from_db()


def test_money_is_recorded_and_nothing_else_happens_before_a_verdict(differs: Differs) -> None:
    order = differs()

    assert (order.state, order.review_reason) == (OrderState.NEEDS_REVIEW, "amount_differs")
    assert RevenueEvent.objects.get().amount_minor == 90
    assert not Deal.objects.exists()
    assert not OrderIntake.objects.exists()
    assert not BuyerMail.objects.exists()
    alert = OperatorAlert.objects.get()
    assert alert.kind == "order_review"
    assert alert_line(alert)["title"] == (f"An order of {order.total} needs review")


def test_accepting_does_what_the_payment_would_have_done(differs: Differs, operator: User) -> None:
    order = differs()

    review = accept(order, operator)

    order.refresh_from_db()
    deal = Deal.objects.get()
    assert (review.verdict, review.reason) == (ReviewVerdict.ACCEPTED, "an agreed discount")
    assert (order.state, order.deal_id) == (OrderState.PAID, deal.pk)
    assert (deal.stage, deal.won_order_ref, deal.amount_minor) == ("won", order.reference, 90)
    assert OrderIntake.objects.get().order_id == order.pk
    assert [mail.kind for mail in BuyerMail.objects.all()] == ["paid"]
    assert OperatorAlert.objects.get().closed_at == NOON
    assert RevenueEvent.objects.count() == 1


def test_who_decided_what_is_in_the_ledger_and_the_timeline(
    differs: Differs, operator: User
) -> None:
    order = differs()

    accept(order, operator)

    entry = LedgerEntry.objects.get(event="order.reviewed")
    assert (entry.subject, entry.trace_ref) == (order.reference, order.trace_ref)
    assert entry.facts == {
        "actor": f"user:{operator.pk}",
        "verdict": "accepted",
        "currency": "USD",
        "amount_minor": 90,
    }
    line = Activity.objects.get(kind="order_reviewed")
    assert (line.actor_id, line.words) == (operator.pk, "")


def test_what_was_decided_is_not_decided_again(process: Process, operator: User) -> None:
    order = foreign_order(process)
    accept(order, operator)

    for decide in (accept, rule_out):
        with pytest.raises(AlreadyDecided, match="accepted as paid"):
            decide(order, operator)

    assert OrderReview.objects.count() == 1
    assert OrderIntake.objects.count() == 1


def test_two_people_at_once_are_one_verdict(process: Process, operator: User) -> None:
    order = foreign_order(process)

    def decide(number: int) -> object:
        try:
            return (accept if number % 2 else rule_out)(order, operator)
        except AlreadyDecided as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(decide, range(8)))

    order.refresh_from_db()
    verdict = OrderReview.objects.get().verdict
    assert sum(isinstance(answer, OrderReview) for answer in answers) == 1
    assert order.state == {"accepted": "paid", "not_ours": "not_ours"}[verdict]
    assert OrderIntake.objects.count() == (1 if verdict == "accepted" else 0)


def test_an_order_that_needs_no_verdict_takes_none(
    process: Process, operator: User, differs: Differs
) -> None:
    order = differs(amount_total=100)
    assert order.state == OrderState.PAID

    with pytest.raises(NothingToDecide):
        accept(order, operator)

    assert not OrderReview.objects.exists()


def test_not_ours_delivers_nothing_and_keeps_the_money_in_the_books(
    process: Process, operator: User
) -> None:
    order = foreign_order(process)

    rule_out(order, operator)

    order.refresh_from_db()
    assert order.state == OrderState.NOT_OURS
    assert RevenueEvent.objects.get().amount_minor == order.amount_minor
    assert not OrderIntake.objects.exists()
    assert [mail.kind for mail in BuyerMail.objects.all()] == ["not_ours"]
    assert OperatorAlert.objects.get().closed_at == NOON


def test_a_payment_that_no_checkout_explains_can_be_accepted(
    process: Process, operator: User
) -> None:
    stranger = CheckoutSession(stripe_id="cs_test_elsewhere", currency="USD", amount_minor=70)
    filed("checkout.session.completed", session_object(stranger, metadata={},
                                                       client_reference_id=None))  # fmt: skip
    process()
    order = Order.objects.get()
    assert order.review_reason == "unknown_session"

    accept(order, operator)

    order.refresh_from_db()
    assert (order.state, Deal.objects.get().stage) == (OrderState.PAID, "won")


def test_a_dispute_before_the_verdict_opens_the_work_frozen(
    differs: Differs, operator: User, process: Process
) -> None:
    order = differs()
    tell("charge.dispute.created", order, process,
         balance_transactions=[movement("txn_review1", -90)])  # fmt: skip
    assert order.state == OrderState.NEEDS_REVIEW

    accept(order, operator)

    order.refresh_from_db()
    intake = OrderIntake.objects.get()
    assert order.state == OrderState.DISPUTED
    assert (Deal.objects.get().stage, intake.frozen_reason) == ("won", "dispute")


def test_a_part_refunded_before_the_verdict_stays_refunded(
    differs: Differs, operator: User, process: Process
) -> None:
    order = differs()
    tell("refund.updated", order, process, amount=30)

    accept(order, operator)

    order.refresh_from_db()
    assert (order.state, order.refunded_minor) == (OrderState.PARTIALLY_REFUNDED, 30)
    assert (Deal.objects.get().stage, OrderIntake.objects.count()) == ("won", 1)


def test_all_refunded_before_the_verdict_leaves_nothing_to_decide(
    differs: Differs, operator: User, process: Process
) -> None:
    order = differs()
    tell("refund.updated", order, process, amount=90)
    assert order.state == OrderState.REFUNDED

    with pytest.raises(NothingToDecide, match="refunded"):
        accept(order, operator)

    assert not OrderIntake.objects.exists()


def test_a_full_refund_that_fails_brings_the_question_back(
    differs: Differs, operator: User, process: Process
) -> None:
    order = differs()
    tell("refund.updated", order, process, amount=90)
    tell("refund.failed", order, process, amount=90, status="failed")
    assert order.state == OrderState.NEEDS_REVIEW

    accept(order, operator)

    order.refresh_from_db()
    assert order.state == OrderState.PAID


def test_accepted_while_the_bank_still_works_then_paid(
    differs: Differs, operator: User, process: Process
) -> None:
    order = differs(payment_status="unpaid")
    accept(order, operator)
    order.refresh_from_db()
    assert (order.state, Deal.objects.get().stage) == (OrderState.AWAITING_PAYMENT, "checkout")
    assert not OrderIntake.objects.exists()

    paid = session_object(order.checkout, amount_total=90)
    filed("checkout.session.async_payment_succeeded", paid)
    process()

    order.refresh_from_db()
    assert (order.state, Deal.objects.get().stage) == (OrderState.PAID, "won")
    assert OrderIntake.objects.count() == 1
    assert {mail.kind for mail in BuyerMail.objects.all()} == {"bank_processing", "paid"}


def test_ruled_out_while_the_bank_still_works_tells_the_buyer_nothing(
    operator: User, process: Process
) -> None:
    order = foreign_order(process, payment_status="unpaid")
    rule_out(order, operator)

    paid = session_object(order.checkout, amount_total=order.amount_minor, **FOREIGN)
    filed("checkout.session.async_payment_succeeded", paid)
    process()

    order.refresh_from_db()
    assert order.state == OrderState.NOT_OURS
    assert RevenueEvent.objects.get().amount_minor == order.amount_minor
    assert not BuyerMail.objects.exists()
    assert not OrderIntake.objects.exists()


@pytest.mark.parametrize("status", ["succeeded", "failed"])
@pytest.mark.parametrize("is_ruled_out", [True, False])
def test_the_payer_of_another_shop_hears_nothing_from_us_about_its_refund(
    operator: User, process: Process, status: str, is_ruled_out: bool
) -> None:
    order = foreign_order(process)
    if is_ruled_out:
        rule_out(order, operator)

    tell("refund.updated", order, process, currency="usd", amount=100, status=status)

    assert [row.status for row in order.refunds.all()] == [status]
    heard = ["not_ours"] if is_ruled_out else []
    assert [mail.kind for mail in BuyerMail.objects.all()] == heard


def test_a_payer_whom_a_person_took_in_hears_of_the_refund(
    operator: User, process: Process
) -> None:
    order = foreign_order(process)
    accept(order, operator)

    tell("refund.updated", order, process, currency="usd", amount=100)

    assert {mail.kind for mail in BuyerMail.objects.all()} == {"paid", "refund_booked"}


def test_a_buyer_of_ours_hears_of_a_refund_before_the_verdict(
    differs: Differs, process: Process
) -> None:
    tell("refund.updated", differs(), process, amount=90)

    assert [mail.kind for mail in BuyerMail.objects.all()] == ["refund_booked"]


def foreign_order(process: Process, **session: Any) -> Order:
    """An order of a session that no checkout of ours explains."""
    made = CheckoutFactory.build(offer=None, stripe_id="cs_test_foreign00000")
    foreign = session_object(made, **{**FOREIGN, **session})
    filed("checkout.session.completed", foreign)
    process()
    return Order.objects.get()
