"""Booking what Stripe kept: fees are in no webhook, only in balance transactions."""

from __future__ import annotations

from revenue.enums import Outcome, RevenueKind
from revenue.models import Order
from revenue.operations.booking import book, is_booked
from revenue.operations.locking import lock_paid_order
from revenue.operations.recording_context import RecordingContext
from revenue.ports import BalanceLine


def fee_key(transaction_id: str) -> str:
    """Return the key of the fee that came with one balance transaction, whoever books it."""
    return f"fee:{transaction_id}"


def record_fee(context: RecordingContext, line: BalanceLine) -> Outcome:
    """Book the fee of one balance transaction under its order, once. Raises CauseMissing.

    A negative fee is one that Stripe gave back.
    """
    order = lock_paid_order(
        payment_intent_id=line.payment_intent_id, charge_id=line.charge_id, mode=context.mode
    )
    context.about(order_id=order.pk, trace_ref=order.trace_ref)
    if line.fee.amount_minor == 0 or is_booked(fact_key=fee_key(line.transaction_id)):
        return Outcome.ALREADY_KNOWN
    book(
        context,
        order=order,
        kind=RevenueKind.FEE,
        amount=-line.fee,
        fact_key=fee_key(line.transaction_id),
        stripe_object_id=line.transaction_id,
        occurred_at=line.occurred_at,
    )
    if line.charge_id and not order.charge_id:  # refunds and disputes may name only the charge
        Order.objects.filter(pk=order.pk, charge_id="").update(charge_id=line.charge_id)
    return Outcome.RECORDED
