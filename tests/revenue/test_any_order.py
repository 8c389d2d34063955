"""Stripe promises no order and no single delivery: every order ends in the same state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crm.models import Deal
from fulfillment.models import OrderIntake
from kernel.money import Money
from ledger.models import Posting
from revenue.models import CheckoutSession, Order, RevenueEvent, StripeWebhookEvent
from tests.conftest import empty_all_tables
from tests.factories.revenue import (
    CheckoutFactory,
    dispute_object,
    filed,
    movement,
    refund_object,
    session_object,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
Told = tuple[str, dict[str, Any]]
AMOUNT = 10_000


def paid_later(checkout: CheckoutSession) -> list[Told]:
    """A bank debit that first failed in one event and succeeded in another, then went wrong."""
    unpaid = session_object(checkout, payment_status="unpaid")
    gone = session_object(checkout, status="expired", payment_status="unpaid")
    withdrawn = movement("txn_1Out0000000000", -3_000, fee=1_500)
    returned = movement("txn_1Back000000000", 3_000)
    return [
        ("checkout.session.completed", unpaid),
        ("checkout.session.async_payment_succeeded", session_object(checkout)),
        ("checkout.session.async_payment_failed", unpaid),
        ("checkout.session.expired", gone),
        ("refund.created", refund_object(checkout, id="re_1First0000000", amount=2_000)),
        ("refund.updated", refund_object(checkout, id="re_2Second000000", amount=1_000)),
        ("charge.dispute.created", dispute_object(checkout, amount=3_000)),
        (
            "charge.dispute.funds_withdrawn",
            dispute_object(checkout, amount=3_000, balance_transactions=[withdrawn]),
        ),
        (
            "charge.dispute.closed",
            dispute_object(
                checkout, amount=3_000, status="won", balance_transactions=[withdrawn, returned]
            ),
        ),
    ]


def outcome() -> dict[str, Any]:
    """All that must not depend on the order of arrival."""
    order, deal = Order.objects.get(), Deal.objects.get()
    intake = OrderIntake.objects.get()
    return {
        "order": (order.state, order.amount_minor, order.refunded_minor, order.paid_at is not None),
        "deal": (deal.stage, deal.won_order_ref == order.reference),
        "work": intake.frozen_reason,
        "funded": intake.funded,
        "money": sorted(RevenueEvent.objects.values_list("kind", "amount_minor")),
        "balances": dict(
            Posting.objects.values_list("account").annotate(total=Sum("amount_minor"))
        ),
        "events": set(StripeWebhookEvent.objects.values_list("state", "error_class", "error")),
    }


EXPECTED = {
    "order": ("partially_refunded", AMOUNT, 3_000, True),
    "deal": ("won", True),
    "work": "",
    "funded": Money(AMOUNT - 3_000, "USD"),
    "money": [
        ("dispute", -3_000),
        ("dispute_reversal", 3_000),
        ("fee", -1_500),
        ("payment", AMOUNT),
        ("refund", -2_000),
        ("refund", -1_000),
    ],
    "balances": {
        "assets:stripe": AMOUNT - 3_000 - 1_500,
        "income:sales": -AMOUNT,
        "expenses:refunds": 3_000,
        "expenses:disputes": 0,
        "expenses:fees": 1_500,
    },
    "events": {("processed", "", "")},
}


@given(data=st.data())
@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking a database test takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_order_of_arrival_ends_the_same(
    data: st.DataObject, process: Callable[[], list[StripeWebhookEvent]], clock: Any
) -> None:
    empty_all_tables()
    checkout = CheckoutFactory(amount_minor=AMOUNT)
    payload = paid_later(checkout)
    arrivals = data.draw(st.permutations([*range(len(payload)), *range(len(payload))]))
    batches = data.draw(st.lists(st.booleans(), min_size=len(arrivals), max_size=len(arrivals)))

    for number, (which, works_now) in enumerate(zip(arrivals, batches, strict=True)):
        kind, told_object = payload[which]
        filed(kind, told_object, id=f"evt_{number}")
        if works_now:
            process()
    process()
    clock.forward(minutes=1)  # what waited for its cause comes due again
    process()

    assert outcome() == EXPECTED


def test_a_lost_payment_stays_lost_in_any_order(
    process: Callable[[], list[StripeWebhookEvent]],
) -> None:
    endings = []
    for order_of in ([0, 1], [1, 0]):
        empty_all_tables()
        checkout = CheckoutFactory()
        unpaid = session_object(checkout, payment_status="unpaid")
        payload = ["checkout.session.completed", "checkout.session.async_payment_failed"]
        for which in order_of:
            filed(payload[which], unpaid)
            process()
        endings.append((Order.objects.get().state, Deal.objects.get().stage))

    assert endings == [("failed", "proposal"), ("failed", "proposal")]
