"""A dispute that was won may be lost after all: the money says so, whichever event comes first."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest

from crm.models import Activity
from fulfillment.models import OrderIntake
from kernel.references import new_reference
from revenue.enums import OrderState
from revenue.models import CheckoutSession, Dispute, Order, RevenueEvent
from tests.factories.revenue import (
    NOON,
    CheckoutFactory,
    dispute_object,
    filed,
    movement,
    session_object,
)

pytestmark = pytest.mark.django_db(transaction=True)
Process = Callable[[], object]
Told = tuple[str, str, list[dict[str, Any]]]


def moved(number: int, amount: int) -> dict[str, Any]:
    """The ``number``-th movement of a dispute, each a day after the one before."""
    at = int(NOON.timestamp()) + number * 86_400
    return movement(f"txn_{number}Moved00000000", amount) | {"created": at}


OUT, BACK, OUT_AGAIN, BACK_AGAIN = moved(1, -100), moved(2, 100), moved(3, -100), moved(4, 100)
OPENED: Told = ("charge.dispute.created", "needs_response", [OUT])
LOST: Told = ("charge.dispute.closed", "lost", [OUT])
WON: Told = ("charge.dispute.closed", "won", [OUT, BACK])
LOST_AFTER_ALL: Told = ("charge.dispute.updated", "lost", [OUT, BACK, OUT_AGAIN])
WON_AFTER_ALL: Told = ("charge.dispute.updated", "won", [OUT, BACK, OUT_AGAIN, BACK_AGAIN])


def hear(checkout: CheckoutSession, event: Told) -> None:
    kind, status, movements = event
    filed(kind, dispute_object(checkout, status=status, balance_transactions=movements))


def hear_in_turn(process: Process, heard: list[Told]) -> None:
    """A payment, and then each of these, acted on before the next is heard."""
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    for event in heard:
        hear(checkout, event)
        process()


def outcome() -> tuple[str, str, str, int]:
    """How the dispute, the order, its work and our money stand."""
    money = sum(RevenueEvent.objects.values_list("amount_minor", flat=True))
    work = OrderIntake.objects.get().frozen_reason
    return Dispute.objects.get().status, Order.objects.get().state, work, money


@pytest.mark.parametrize("heard", list(permutations([OPENED, WON, LOST_AFTER_ALL])))
def test_money_that_left_again_is_lost_in_any_order(process: Process, heard: list[Told]) -> None:
    hear_in_turn(process, heard)

    assert outcome() == ("lost", OrderState.DISPUTED, "dispute", 0)


@pytest.mark.parametrize("heard", list(permutations([OPENED, LOST, WON])))
def test_money_that_came_back_is_won_in_any_order(process: Process, heard: list[Told]) -> None:
    hear_in_turn(process, heard)

    assert outcome() == ("won", OrderState.PAID, "", 100)


@pytest.mark.parametrize("heard", list(permutations([WON, LOST_AFTER_ALL, WON_AFTER_ALL])))
def test_money_that_came_back_twice_is_won(process: Process, heard: list[Told]) -> None:
    hear_in_turn(process, heard)

    assert outcome() == ("won", OrderState.PAID, "", 100)


def test_won_before_the_money_is_back_is_paid_when_it_is_back(process: Process) -> None:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    hear(checkout, ("charge.dispute.closed", "won", [OUT]))
    process()
    by_word = outcome()
    hear(checkout, ("charge.dispute.funds_reinstated", "won", [OUT, BACK]))
    process()

    assert by_word == ("won", OrderState.DISPUTED, "dispute", 0)
    assert outcome() == ("won", OrderState.PAID, "", 100)


def test_the_timeline_tells_both_endings(process: Process) -> None:
    checkout = CheckoutFactory()
    filed("checkout.session.completed", session_object(checkout))
    for event in (OPENED, WON, LOST_AFTER_ALL, LOST_AFTER_ALL):
        kind, status, movements = event
        told_twice = dispute_object(checkout, status=status, balance_transactions=movements)
        filed(kind, told_twice, id=new_reference("evt"))
        process()

    kinds = Activity.objects.filter(kind__startswith="dispute").values_list("kind", flat=True)
    assert sorted(kinds) == ["dispute_closed", "dispute_closed", "dispute_opened"]
