"""What is under way about a person must end before they are erased."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError

from crm.models import Deal
from notices.models import OperatorAlert
from revenue.enums import AlertKind, MailState, OrderState
from revenue.models import BuyerMail, Order, RefundRequest
from tests.console.erasing.conftest import (
    GRACE,
    all_tables,
    erase,
    erase_for_good,
)
from tests.factories.crm import ContactFactory, DealFactory
from tests.factories.orders import AlertFactory, dispute_of, refund_of
from tests.factories.revenue import NOON, CheckoutFactory

pytestmark = pytest.mark.django_db(transaction=True)


def dispute(order: Order) -> None:
    dispute_of(order)


def inquiry(order: Order) -> None:
    dispute_of(order, status="warning_needs_response")


def refund_at_stripe(order: Order) -> None:
    refund_of(order, status="pending")


def refund_unanswered(order: Order) -> None:
    RefundRequest.objects.update(state="unknown")


def undecided(order: Order) -> None:
    Order.objects.update(state=OrderState.NEEDS_REVIEW)


def bank_waits(order: Order) -> None:
    Order.objects.update(state=OrderState.AWAITING_PAYMENT, paid_at=None)


def mail_queued(order: Order) -> None:
    BuyerMail.objects.update(state=MailState.QUEUED)


@pytest.mark.parametrize(
    ("open_what", "said"),
    [
        (dispute, "dispute dp_1 is open"),
        (inquiry, "dispute dp_1 is open"),
        (refund_at_stripe, "refund re_1 is on its way"),
        (refund_unanswered, "refund rfq_"),
        (undecided, "a person has to decide"),
        (bank_waits, "the bank has not said"),
        (mail_queued, "is still to be sent"),
    ],
)
def test_what_is_under_way_must_end_first(
    order: Order, open_what: Callable[[Order], None], said: str
) -> None:
    open_what(order)
    before = all_tables()

    for options in ((), ("--yes", "--reason", "asked")):
        with pytest.raises(CommandError, match=f"Not yet. Order {order.reference}: .*{said}"):
            erase(*options)

    assert all_tables() == before


def test_a_dispute_that_is_over_is_not_in_the_way(order: Order) -> None:
    dispute_of(order, status="lost")

    assert "Blanked" in erase_for_good()


def test_a_mail_that_cannot_be_sent_any_more_waits_for_nobody(order: Order) -> None:
    mail = BuyerMail.objects.all()[0]
    BuyerMail.objects.filter(pk=mail.pk).update(state=MailState.FAILED)
    AlertFactory(kind=AlertKind.MAIL_UNSENT, item=f"{mail.reference}:1", subject=mail.reference)

    erase_for_good()

    assert not OperatorAlert.objects.filter(closed_at=None, subject=mail.reference).exists()


def test_what_can_still_be_paid_is_named(order: Order) -> None:
    open_one = CheckoutFactory(deal=Deal.objects.get(), created_at=NOON + timedelta(minutes=1))

    assert f"Still open: {open_one.reference}" in erase()


def test_of_somebody_with_many_deals_each_is_named_and_what_can_be_paid() -> None:
    contact = ContactFactory(email=GRACE, email_key=GRACE.lower())
    deals = [DealFactory(contact=contact) for _ in range(51)]
    open_one = CheckoutFactory(deal=deals[0], created_at=NOON)

    said = erase()

    assert [deal.reference for deal in deals if deal.reference not in said] == []
    assert f"Still open: {open_one.reference}." in said
