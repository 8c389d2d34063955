"""What an order is worth follows from the net of what was booked; Stripe's words only add."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from fulfillment.models import OrderIntake
from kernel.money import Money
from revenue.enums import OrderState
from revenue.models import CheckoutSession, Dispute, Order, StripeWebhookEvent
from revenue.policy import BalanceMovement, held_back
from revenue.queries.refundable import refundable_now, why_not_refundable
from tests.factories.revenue import (
    CheckoutFactory,
    dispute_object,
    filed,
    movement,
    session_object,
)

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], list[StripeWebhookEvent]]
OUT = movement("txn_1Out0000000000", -100)
HALF = movement("txn_2Half000000000", 50)
REST = movement("txn_3Rest000000000", 50)


def disputed(process: Process, status: str, moved: list[Any], **changes: Any) -> CheckoutSession:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    payload = dispute_object(checkout, status=status, balance_transactions=moved, **changes)
    filed("charge.dispute.closed", payload)
    process()
    return checkout


def outcome() -> tuple[str, str, Money]:
    """The order's state, why its work stands still, and what may be refunded."""
    order = Order.objects.get()
    return order.state, OrderIntake.objects.get().frozen_reason, refundable_now(order)


@pytest.mark.parametrize("status", ["prevented", "won", "warning_closed", "lost"])
def test_money_that_is_gone_is_gone_whatever_the_word(process: Process, status: str) -> None:
    disputed(process, status, [OUT])

    assert outcome() == (OrderState.DISPUTED, "dispute", Money(0, "USD"))
    assert why_not_refundable(Order.objects.get()).startswith("Nothing of it is held any more")


@pytest.mark.parametrize("status", ["prevented", "won", "warning_closed"])
def test_half_the_money_back_is_half_the_money(process: Process, status: str) -> None:
    disputed(process, status, [OUT, HALF])

    assert outcome() == (OrderState.DISPUTED, "dispute", Money(50, "USD"))
    assert why_not_refundable(Order.objects.get()) == ""


@pytest.mark.parametrize("heard", list(permutations([[OUT], [OUT, HALF], [OUT, HALF, REST]])))
def test_all_the_money_back_is_paid_in_any_order(process: Process, heard: list[Any]) -> None:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    for number, moved in enumerate(heard):
        payload = dispute_object(checkout, status="won", balance_transactions=moved)
        filed("charge.dispute.updated", payload, id=f"evt_{number}")
        process()

    assert outcome() == (OrderState.PAID, "", Money(100, "USD"))


def test_of_a_dispute_about_a_part_the_rest_may_be_refunded_once_it_is_lost(
    process: Process,
) -> None:
    out = movement("txn_1Out0000000000", -60)
    checkout = disputed(process, "needs_response", [out], amount=60)
    while_open = why_not_refundable(Order.objects.get())
    lost = dispute_object(checkout, amount=60, status="lost", balance_transactions=[out])
    filed("charge.dispute.closed", lost, id="evt_lost")
    process()

    assert while_open.startswith("The buyer disputes this payment")
    assert outcome() == (OrderState.DISPUTED, "dispute", Money(40, "USD"))
    assert why_not_refundable(Order.objects.get()) == ""


@pytest.mark.parametrize("status", ["lost", "needs_response"])
def test_a_word_adds_to_what_was_booked(process: Process, status: str) -> None:
    disputed(process, status, [])

    assert Dispute.objects.get().status == status
    assert outcome()[:2] == (OrderState.DISPUTED, "dispute")
    assert why_not_refundable(Order.objects.get()) != ""


@pytest.mark.parametrize("status", ["won", "prevented", "warning_closed"])
def test_a_dispute_that_ended_well_and_took_nothing_is_over(process: Process, status: str) -> None:
    disputed(process, status, [])

    assert outcome() == (OrderState.PAID, "", Money(100, "USD"))


USD, EUR = "USD", "EUR"


@pytest.mark.parametrize(
    ("moved", "status", "held"),
    [
        ([(-1_100, USD)], "needs_response", 1_000),
        ([(-1_100, USD), (1_100, USD)], "won", 0),
        ([(-1_100, USD), (1_010, USD)], "won", 0),  # the rate moved
        ([(-1_100, USD), (550, USD)], "won", 500),
        ([(-1_100, USD), (367, USD)], "prevented", 667),
        ([(-1_100, USD), (500, EUR)], "won", 1_000),
        ([], "won", 0),
        ([], "lost", 1_000),
        ([(-1_000, EUR), (1_200, EUR)], "won", 0),
    ],
)
def test_what_left_in_the_currency_of_the_balance_is_weighed_in_the_buyers(
    moved: list[tuple[int, str]], status: str, held: int
) -> None:
    movements = [BalanceMovement(Money(minor, currency)) for minor, currency in moved]

    assert held_back(disputed=Money(1_000, EUR), moved=movements, status=status) == Money(held, EUR)


@pytest.mark.parametrize(
    ("moved", "held"),
    [
        ([(-1_100, "1.1"), (1_010, "1.01")], 0),  # all of it came back, at another rate
        ([(-1_100, "1.1"), (1_045, "1.1")], 50),  # and here 5 % did not
        ([(-1_100, "1.1"), (1_100, "1.2")], 84),
        ([(-1_235, "1.234567"), (1_111, "1.111111")], 0),  # what rounding leaves
        ([(-1_100, "1.1")], 1_000),
        ([(-1_100, "1.1"), (1_045, None)], 0),  # one rate is not known, so up to 10 % may be rate
        ([(-1_100, "1.1"), (990, "0.9")], 0),
    ],
)
def test_the_rates_that_stripe_names_say_what_came_back(
    moved: list[tuple[int, str | None]], held: int
) -> None:
    movements = [
        BalanceMovement(Money(minor, USD), Decimal(rate) if rate else None) for minor, rate in moved
    ]

    assert held_back(disputed=Money(1_000, EUR), moved=movements, status="won") == Money(held, EUR)


def test_a_shortfall_is_no_rate_where_stripe_names_the_rates(process: Process) -> None:
    back = movement("txn_2Back000000000", 104, currency="eur") | {"exchange_rate": 1.1}
    out = movement("txn_1Out0000000000", -110, currency="eur") | {"exchange_rate": 1.1}

    disputed(process, "won", [out, back])

    assert outcome() == (OrderState.DISPUTED, "dispute", Money(94, "USD"))


@pytest.mark.parametrize("rate", [0, -1.1, "1.1", True, 1e13])
def test_a_rate_that_is_none_is_named(process: Process, rate: Any) -> None:
    out = movement("txn_1Out0000000000", -110, currency="eur") | {"exchange_rate": rate}

    disputed(process, "won", [out])

    event = StripeWebhookEvent.objects.get(type="charge.dispute.closed")
    assert (event.state, event.attempts) == ("dead", 1)
    assert event.error.startswith("charge.dispute.closed: exchange_rate: ")
