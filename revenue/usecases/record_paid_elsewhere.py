"""An owner says that a refund which Stripe could not make was paid another way."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kernel.money import Money
from kernel.references import is_reference
from revenue.enums import MailKind, PaidBy, RevenueKind
from revenue.models import Order, RefundPaidElsewhere
from revenue.operations.booking import book
from revenue.operations.holding import hold_or_release_work
from revenue.operations.locking import lock_order
from revenue.operations.mails import queue_mail
from revenue.operations.order_state import refunded_minor, settle
from revenue.operations.recording_context import RecordingContext
from revenue.operations.refund_audit import audit_refund
from revenue.policy import PAID_FROM
from revenue.queries.refundable import on_its_way


class NotOwed(Exception):
    """That cannot be recorded as paid. The text is a sentence for the person who said so."""


@transaction.atomic(durable=True)
def record_paid_elsewhere(
    *,
    order_ref: str,
    record_ref: str,
    amount: Money,
    paid_by: PaidBy,
    reason: str,
    actor_id: int,
    now: datetime,
) -> RefundPaidElsewhere:
    """Book what the buyer got, let the order follow, and tell the buyer, in one commit.

    ``record_ref`` was rendered once into the form: pressing twice finds the first row. Raises
    NotOwed for more than is owed, the form of another order, or while Stripe may still pay it;
    Order.DoesNotExist.
    """
    order = lock_order(order_ref)
    known = RefundPaidElsewhere.objects.filter(reference=record_ref).first()
    if known is not None:
        if known.order_id != order.pk:
            raise NotOwed("This form belongs to another order; open the page again.")
        return known
    _require_owed(order, record_ref=record_ref, amount=amount)
    paid = RefundPaidElsewhere.objects.create(
        reference=record_ref,
        mode=order.mode,
        order=order,
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        paid_by=paid_by,
        reason=reason,
        recorded_by_id=actor_id,
        recorded_at=now,
    )
    context = RecordingContext.of_decision(mode=order.mode, now=now)
    _book(context, order, paid)
    audit_refund(paid, event="refund.paid_elsewhere", actor_id=actor_id, now=now)
    return paid


def _book(context: RecordingContext, order: Order, paid: RefundPaidElsewhere) -> None:
    book(
        context,
        order=order,
        kind=RevenueKind.REFUND_ELSEWHERE,
        amount=-paid.amount,
        fact_key=f"paid_elsewhere:{paid.reference}",
        stripe_object_id=paid.reference,
        occurred_at=context.now,
        account=PAID_FROM[PaidBy(paid.paid_by)],
    )
    settle(context, order, refunded_minor=refunded_minor(order))
    hold_or_release_work(context, order)
    queue_mail(
        context,
        order=order,
        kind=MailKind.REFUND_ELSEWHERE,
        dedupe_key=paid.reference,
        amount=paid.amount,
    )


def _require_owed(order: Order, *, record_ref: str, amount: Money) -> None:
    if not (is_reference(record_ref) and record_ref.startswith("rpe_")):
        raise NotOwed("This form is not one of ours; open the page again.")
    if not order.refund_owed_minor:
        raise NotOwed("Nothing is owed to the buyer of this order. Nothing was recorded.")
    if on_its_way(order):
        raise NotOwed(
            "A refund is on its way at Stripe, so the buyer could be paid twice. Wait until it "
            "arrives or fails. Nothing was recorded."
        )
    if amount.currency != order.currency or not 0 < amount.amount_minor <= order.refund_owed_minor:
        raise NotOwed(f"Enter an amount up to {order.refund_owed}. Nothing was recorded.")
