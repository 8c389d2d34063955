"""What the sale decides without looking anything up, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kernel.modes import Mode
from kernel.money import Money
from revenue.enums import OrderState, ReviewReason, ReviewVerdict
from revenue.policy import BalanceMovement, OrderFacts, held_back, mode_of, order_state

UNDECIDED = OrderFacts(
    is_paid=True,
    has_failed=False,
    amount_minor=100,
    refunded_minor=0,
    disputed_minor=0,
    has_open_or_lost_dispute=False,
    review_reason=ReviewReason.AMOUNT_DIFFERS,
    verdict="",
)


@pytest.mark.parametrize("verdict", [ReviewVerdict.NOT_OURS, ReviewVerdict.REFUND])
def test_a_refund_that_failed_is_owed_whatever_was_decided(verdict: ReviewVerdict) -> None:
    owing = replace(UNDECIDED, verdict=verdict, refund_owed_minor=40)

    assert order_state(owing) == OrderState.REFUND_OWED
    assert order_state(replace(owing, verdict="")) == OrderState.NEEDS_REVIEW


def test_of_a_dispute_that_only_brought_money_back_nothing_is_held() -> None:
    came_back = [BalanceMovement(Money(90, "EUR"))]

    held = held_back(disputed=Money(100, "USD"), moved=came_back, status="won")

    assert held == Money(0, "USD")


@pytest.mark.parametrize(
    ("livemode", "is_stripe_itself", "mode"),
    [
        (True, True, Mode.LIVE),
        (False, True, Mode.TEST),
        (True, False, Mode.SANDBOX),
        (False, False, Mode.SANDBOX),
    ],
)
def test_only_stripe_itself_makes_an_answer_live(
    livemode: bool, is_stripe_itself: bool, mode: Mode
) -> None:
    assert mode_of(livemode=livemode, is_stripe_itself=is_stripe_itself) == mode
