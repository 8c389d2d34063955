"""Boring orders, and what is mailed about them."""

from __future__ import annotations

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from kernel.references import new_reference
from notices.models import OperatorAlert
from revenue.enums import AlertKind, CheckoutState, LinkPurpose, MailKind, OrderState
from revenue.models import BuyerMail, Dispute, Order, Refund
from revenue.operations.order_links import make_order_link
from tests.factories.revenue import CheckoutFactory

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)  # in the past, whenever this runs
UNPAID = {OrderState.AWAITING_PAYMENT, OrderState.FAILED, OrderState.NOT_OURS}


class OrderFactory(DjangoModelFactory[Order]):
    """A paid order of ``ada@buyer.example``."""

    class Meta:
        model = Order

    reference = factory.LazyFunction(lambda: new_reference("ord"))
    mode = "sandbox"
    state = OrderState.PAID
    checkout = factory.SubFactory(
        CheckoutFactory, state=CheckoutState.COMPLETE, mode=factory.SelfAttribute("..mode")
    )
    offer = factory.SelfAttribute("checkout.offer")
    trace_ref = factory.SelfAttribute("checkout.trace_ref")
    amount_minor = 119
    currency = "USD"
    refund_owed_minor = factory.LazyAttribute(
        lambda row: 40 if row.state == OrderState.REFUND_OWED else 0
    )
    tax_minor = 19
    buyer_email = "ada@buyer.example"
    buyer_name = "Ada Lovelace"
    payment_intent_id = factory.Sequence("pi_test_{:06d}".format)
    placed_at = NOON
    paid_at = factory.LazyAttribute(lambda row: None if row.state in UNPAID else NOON)
    payment_failed_at = factory.LazyAttribute(
        lambda row: NOON if row.state == OrderState.FAILED else None
    )


class BuyerMailFactory(DjangoModelFactory[BuyerMail]):
    """A queued receipt that is due."""

    class Meta:
        model = BuyerMail

    reference = factory.LazyFunction(lambda: new_reference("mail"))
    order = factory.SubFactory(OrderFactory)
    mode = factory.SelfAttribute("order.mode")
    kind = MailKind.PAID
    to_address = factory.SelfAttribute("order.buyer_email")
    next_attempt_at = NOON
    queued_at = NOON


class AlertFactory(DjangoModelFactory[OperatorAlert]):
    """An alert that nobody has been told of."""

    class Meta:
        model = OperatorAlert

    reference = factory.LazyFunction(lambda: new_reference("alr"))
    kind = AlertKind.EVENT_DEAD
    item = factory.Sequence("evt_{:06d}".format)
    subject = factory.SelfAttribute("item")
    mode = "sandbox"
    raised_at = NOON


def refund_of(order: Order, *, stripe_id: str = "re_1", status: str = "succeeded") -> Refund:
    return Refund.objects.create(
        stripe_id=stripe_id,
        order=order,
        mode=order.mode,
        amount_minor=40,
        currency=order.currency,
        status=status,
        created_at=NOON,
    )


def dispute_of(order: Order, *, status: str = "needs_response", stripe_id: str = "dp_1") -> Dispute:
    if status == "lost":
        Order.objects.filter(pk=order.pk).update(disputed_minor=order.amount_minor)
    return Dispute.objects.create(
        stripe_id=stripe_id,
        order=order,
        mode=order.mode,
        status=status,
        amount_minor=order.amount_minor,
        currency=order.currency,
        opened_at=NOON,
    )


def token_of(order: Order, *, now: datetime = NOON) -> str:
    """Make a link to ``order`` and return its secret."""
    _link, token = make_order_link(
        checkout_id=order.checkout_id, made_for=LinkPurpose.ORDER_LINK, now=now
    )
    return token
