"""An owner gives money back: row, call, row; booked when Stripe's event says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from crm.models import Activity
from kernel.money import Money
from kernel.references import new_reference
from ledger.models import LedgerEntry
from notices.models import OperatorAlert
from revenue.adapters.stripe_gateway import StripeGateway
from revenue.enums import OrderState, RefundState, ReviewVerdict
from revenue.models import Order, OrderReview, RefundRequest, RevenueEvent
from revenue.operations.refund_requests import NotRefundable
from revenue.queries.refundable import refundable_now, why_not_refundable
from tests.conftest import NOON
from tests.factories.orders import OrderFactory, dispute_of, refund_of
from tests.factories.revenue import filed, refund_object
from tests.outside import gateway_to
from tests.revenue.refunds.conftest import PAID, Ask
from tests.sandbox.running_sandbox import RunningSandbox

pytestmark = pytest.mark.django_db(transaction=True)

REFUNDS = "/v1/refunds"


def refunds_at_stripe(gateway: StripeGateway, order: Order) -> list[tuple[int, str]]:
    found = gateway.refunds_of_payment(order.payment_intent_id)
    return [(fact.amount.amount_minor, fact.request_ref) for fact in found]


def test_stripe_is_asked_and_nothing_is_booked_yet(
    ask: Ask, paid_order: Order, gateway: StripeGateway
) -> None:
    request = ask(3_000)

    paid_order.refresh_from_db()
    assert (request.state, request.last_error) == (RefundState.REQUESTED, "")
    assert refunds_at_stripe(gateway, paid_order) == [(3_000, request.reference)]
    assert paid_order.state == OrderState.PAID
    assert [event.kind for event in RevenueEvent.objects.all()] == ["payment"]


def test_the_event_books_it(ask: Ask, paid_order: Order, process: Callable[[], object]) -> None:
    request = ask(3_000)
    payload = refund_object(
        paid_order.checkout,
        id=request.stripe_id,
        amount=3_000,
        payment_intent=paid_order.payment_intent_id,
        metadata={"refund_ref": request.reference},
    )
    filed("refund.updated", payload)

    process()

    request.refresh_from_db()
    paid_order.refresh_from_db()
    assert request.state == RefundState.BOOKED
    assert (paid_order.state, paid_order.refunded_minor) == ("partially_refunded", 3_000)


def test_it_is_written_down_who_asked(ask: Ask, owner: User, paid_order: Order) -> None:
    request = ask(3_000)

    entry = LedgerEntry.objects.get(event="refund.requested")
    assert entry.subject == paid_order.reference
    assert entry.refs == [request.reference]
    assert entry.facts == {"actor": f"user:{owner.pk}", "amount_minor": 3_000, "currency": "USD"}
    line = Activity.objects.get(kind="refund_requested")
    assert (line.deal_id, line.actor_id, line.amount_minor) == (paid_order.deal_id, owner.pk, 3_000)


def test_the_reason_stays_out_of_ledger_and_timeline(ask: Ask) -> None:
    request = ask(reason="Ada Lovelace was rude")

    assert request.reason == "Ada Lovelace was rude"
    assert not any("Ada" in str(vars(entry)) for entry in LedgerEntry.objects.all())
    assert not any("Ada" in str(vars(line)) for line in Activity.objects.all())


def test_the_same_form_twice_asks_once(ask: Ask, paid_order: Order, gateway: StripeGateway) -> None:
    once = new_reference("rfq")

    first, second = ask(10_000, request_ref=once), ask(10_000, request_ref=once)

    assert first.pk == second.pk
    assert refunds_at_stripe(gateway, paid_order) == [(10_000, once)]


def test_a_second_owner_who_saw_more_is_stopped(
    ask: Ask, paid_order: Order, gateway: StripeGateway
) -> None:
    ask(3_000)

    with pytest.raises(NotRefundable, match="changed while you wrote"):
        ask(3_000)

    assert len(refunds_at_stripe(gateway, paid_order)) == 1


def test_open_requests_count_against_what_is_left(ask: Ask, paid_order: Order) -> None:
    ask(7_000)

    assert refundable_now(paid_order) == Money(3_000, "USD")
    with pytest.raises(NotRefundable, match="At most"):
        ask(3_001, seen=Money(3_000, "USD"))


def test_refunds_begun_at_stripe_count_once(ask: Ask, paid_order: Order) -> None:
    request = ask(3_000)
    refund_of(paid_order, stripe_id=request.stripe_id or "", status="pending")  # the same one
    refund_of(paid_order, stripe_id="re_elsewhere", status="pending")

    assert refundable_now(paid_order) == Money(10_000 - 40 - 40, "USD")


def test_stripe_says_no(ask: Ask, outside: RunningSandbox, paid_order: Order) -> None:
    outside.control("refunds", session=paid_order.checkout.stripe_id)  # all of it, from there

    request = ask(3_000)

    assert (request.state, request.last_error) == (RefundState.REFUSED, "charge_already_refunded")
    assert OperatorAlert.objects.get(kind="refund_failed").subject == paid_order.reference
    assert LedgerEntry.objects.get(event="refund.refused").refs == [request.reference]
    assert refundable_now(paid_order) == PAID


def test_no_answer_leaves_it_unknown_and_blocks_the_rest(
    ask: Ask, outside: RunningSandbox, paid_order: Order
) -> None:
    deaf = gateway_to("http://127.0.0.1:9", timeout_s=0.3)

    request = ask(10_000, gateway=deaf)

    assert (request.state, request.last_error) == (RefundState.UNKNOWN, "no_answer")
    assert request.next_check_at is not None
    with pytest.raises(NotRefundable):
        ask(10_000)


def test_the_row_is_committed_before_the_call(ask: Ask, paid_order: Order) -> None:
    class Watching:
        def refund(self, **_: object) -> None:
            assert RefundRequest.objects.filter(order=paid_order).count() == 1
            raise RuntimeError("the process dies here")

    with pytest.raises(RuntimeError):
        ask(3_000, gateway=Watching())

    assert RefundRequest.objects.get().state == RefundState.UNKNOWN


@pytest.mark.parametrize("amount_minor", [0, 10_001])
def test_only_what_is_there_can_go_back(ask: Ask, amount_minor: int) -> None:
    with pytest.raises(NotRefundable):
        ask(amount_minor)

    assert not RefundRequest.objects.exists()


@pytest.mark.parametrize(
    ("currency", "amount_minor", "words"),
    [
        ("KWD", 1_001, "The last digit must be 0: Stripe rounds KWD to ten. Nothing was sent."),
        ("ISK", 150, "Both decimals must be 0: Stripe takes ISK in whole units only."),
        ("UGX", 1, "Both decimals must be 0: Stripe takes UGX in whole units only."),
    ],
)
def test_last_digits_that_stripe_does_not_take_are_refused_here(
    ask: Ask, paid_order: Order, currency: str, amount_minor: int, words: str
) -> None:
    Order.objects.update(currency=currency)

    with pytest.raises(NotRefundable, match=words):
        ask(amount=Money(amount_minor, currency), seen=Money(10_000, currency))

    assert not RefundRequest.objects.exists()


def test_another_currency_is_refused(ask: Ask) -> None:
    with pytest.raises(NotRefundable, match="in USD"):
        ask(amount=Money(3_000, "EUR"))


@pytest.mark.parametrize("reference", ["ord_01k9zzzzzzzzzzzzzzzzzzzzzz", "rfq_1", ""])
def test_a_made_up_form_is_refused(ask: Ask, reference: str) -> None:
    with pytest.raises(NotRefundable, match="not one of ours"):
        ask(request_ref=reference)


def test_a_form_of_another_order_is_refused(ask: Ask, paid_order: Order) -> None:
    request = ask(3_000)
    other = OrderFactory()

    with pytest.raises(NotRefundable, match="another order"):
        ask(order_ref=other.reference, request_ref=request.reference, seen=other.total)


def test_why_not() -> None:
    unpaid = OrderFactory(state=OrderState.AWAITING_PAYMENT)
    free = OrderFactory(amount_minor=0, tax_minor=0, payment_intent_id="")
    disputed, inquired, other = OrderFactory(), OrderFactory(), OrderFactory(mode="test")
    dispute_of(disputed)
    assert "Nothing was paid" in why_not_refundable(unpaid)
    assert "Nothing was charged" in why_not_refundable(free)
    assert "disputes" in why_not_refundable(disputed)
    assert "test order" in why_not_refundable(other)
    assert why_not_refundable(inquired) == ""


def test_a_sum_of_nothing_is_never_offered_however_late_the_row_is() -> None:
    late = OrderFactory()  # as it was read before its refund was booked

    because = why_not_refundable(late, refundable=Money(0, "USD"))

    assert because == "All of it was refunded already, or is on its way."


def test_an_inquiry_may_still_be_answered_with_a_refund() -> None:
    order = OrderFactory()
    dispute_of(order, status="warning_needs_response")

    assert why_not_refundable(order) == ""


def test_what_is_not_ours_may_be_refunded_as_long_as_it_is_held(owner: User) -> None:
    order = OrderFactory(state="not_ours", review_reason="unknown_session", paid_at=NOON)
    OrderReview.objects.create(
        order=order,
        verdict=ReviewVerdict.NOT_OURS,
        reason="another shop",
        decided_by=owner,
        decided_at=order.placed_at,
    )

    assert why_not_refundable(order) == ""
    assert refundable_now(order) == order.total


def test_what_the_bank_holds_back_is_not_asked_for(
    ask: Ask, paid_order: Order, gateway: StripeGateway
) -> None:
    dispute_of(paid_order)
    Order.objects.update(state=OrderState.DISPUTED)

    with pytest.raises(NotRefundable):
        ask()

    assert not RefundRequest.objects.exists()
    assert refunds_at_stripe(gateway, paid_order) == []
