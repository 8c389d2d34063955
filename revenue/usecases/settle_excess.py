"""An owner says what became of a refund above the payment: it was returned, or is written off."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kernel.money import Money
from kernel.references import is_reference
from revenue.enums import ExcessSettledBy, PaidBy, RevenueKind
from revenue.models import ExcessSettlement, Order
from revenue.operations.booking import book
from revenue.operations.holding import hold_or_release_work
from revenue.operations.locking import lock_order
from revenue.operations.order_state import refunded_minor, settle
from revenue.operations.recording_context import RecordingContext
from revenue.operations.refund_audit import audit_refund
from revenue.policy import PAID_FROM


class NotSettled(Exception):
    """That cannot be recorded. The text is a sentence for the person who said so."""


@transaction.atomic(durable=True)
def settle_excess(
    *,
    order_ref: str,
    record_ref: str,
    amount: Money,
    settled_by: ExcessSettledBy,
    reason: str,
    actor_id: int,
    now: datetime,
) -> ExcessSettlement:
    """Book what came back, or leave it an expense, and let the order follow, in one commit.

    ``record_ref`` was rendered once into the form: pressing twice finds the first row. Raises
    NotSettled for more than the excess or the form of another order; Order.DoesNotExist.
    """
    order = lock_order(order_ref)
    known = ExcessSettlement.objects.filter(reference=record_ref).first()
    if known is not None:
        if known.order_id != order.pk:
            raise NotSettled("This form belongs to another order; open the page again.")
        return known
    _require_excess(order, record_ref=record_ref, amount=amount)
    settlement = ExcessSettlement.objects.create(
        reference=record_ref,
        mode=order.mode,
        order=order,
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        settled_by=settled_by,
        reason=reason,
        recorded_by_id=actor_id,
        recorded_at=now,
    )
    context = RecordingContext.of_decision(mode=order.mode, now=now)
    if settlement.is_returned:
        _book(context, order, settlement)
    settle(context, order, refunded_minor=refunded_minor(order))
    hold_or_release_work(context, order)
    audit_refund(settlement, event="refund.excess_settled", actor_id=actor_id, now=now)
    return settlement


def _book(context: RecordingContext, order: Order, settlement: ExcessSettlement) -> None:
    book(
        context,
        order=order,
        kind=RevenueKind.REFUND_RETURNED,
        amount=settlement.amount,
        fact_key=f"excess_returned:{settlement.reference}",
        stripe_object_id=settlement.reference,
        occurred_at=context.now,
        account=PAID_FROM[PaidBy(settlement.settled_by)],
    )


def _require_excess(order: Order, *, record_ref: str, amount: Money) -> None:
    if not (is_reference(record_ref) and record_ref.startswith("exs_")):
        raise NotSettled("This form is not one of ours; open the page again.")
    if not order.excess_minor:
        raise NotSettled("No more was refunded than was paid. Nothing was recorded.")
    if amount.currency != order.currency or not 0 < amount.amount_minor <= order.excess_minor:
        raise NotSettled(f"Enter an amount up to {order.excess}. Nothing was recorded.")
