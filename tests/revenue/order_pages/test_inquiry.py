"""A bank that only asks about a payment: nobody disputes it yet."""

from __future__ import annotations

import pytest

from tests.factories.orders import dispute_of
from tests.revenue.order_pages.test_order_page import opened, order_in, read

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("statuses", "is_asked"),
    [
        (["warning_needs_response"], True),
        (["warning_under_review", "won"], True),
        (["warning_needs_response", "needs_response"], False),
    ],
)
def test_a_bank_that_only_asks_is_no_dispute(statuses: list[str], is_asked: bool) -> None:
    order = order_in("disputed")
    for number, status in enumerate(statuses):
        dispute_of(order, status=status, stripe_id=f"dp_{number}")

    words = read(opened(order), f"/order/{order.reference}/")

    assert ("Your bank asks about this payment, so the work is paused." in words) is is_asked
    assert ("isputed" in words) is not is_asked
