"""The work on an order: opened once it is paid, held while its money is in doubt or gone."""

from __future__ import annotations

from crm.operations import AttachedDeal
from fulfillment import operations as fulfillment
from fulfillment.enums import FreezeReason
from kernel.modes import Mode
from kernel.nudges import nudge_after_commit
from notices import operations as notices
from revenue.enums import AlertKind, OrderState
from revenue.models import Order
from revenue.operations.locking import lock_order
from revenue.operations.recording_context import RecordingContext

FREEZE_REASONS = {
    OrderState.DISPUTED: FreezeReason.DISPUTE,
    OrderState.REFUNDED: FreezeReason.REFUND,
}


def open_work(context: RecordingContext, order: Order, deal: AttachedDeal) -> None:
    """Open the intake of a paid order in its deal's project, and let fulfillment know.

    The work on a possible double payment waits for a person's word.
    """
    intake = fulfillment.open_intake(
        order_id=order.pk,
        order_ref=order.reference,
        offer_id=order.offer_id,
        deal_id=order.deal_id,
        mode=order.mode,
        trace_ref=order.trace_ref,
        project_ref=deal.project_ref,
        subjects=deal.subjects,
        funded=order.funded,
        now=context.now,
    )
    context.changed(f"intake {intake.reference} opened")
    if order.double_of_id is not None:
        hold_or_release_work(context, order)
    nudge_after_commit("order.paid")


def hold_or_release_work(context: RecordingContext, order: Order) -> None:
    """Freeze the work while ``order`` is disputed, went or is owed back, or may be a mistake.

    Payments that may be doubles of ``order`` follow it: of one that went back there is no double,
    and of several the earliest takes its place.
    """
    _hold_or_release(context, order)
    references = Order.objects.filter(double_of=order).order_by("pk")
    seconds = [lock_order(each) for each in references.values_list("reference", flat=True)]
    held = [second for second in seconds if second.is_held]
    if held and not order.is_held:
        _take_its_place(order, *held)
    for second in seconds:
        _hold_or_release(context, second)


def _take_its_place(gone: Order, heir: Order, *others: Order) -> None:
    """Make ``heir`` what ``gone`` was to the others.

    It stands beneath what ``gone`` stood beneath, and waits again should that money come back.
    """
    _point(heir, to=gone.double_of or gone)
    for other in others:
        _point(other, to=heir)


def _point(order: Order, *, to: Order) -> None:
    order.double_of = to
    Order.objects.filter(pk=order.pk).update(double_of=to)


def _hold_or_release(context: RecordingContext, order: Order) -> None:
    reason = FREEZE_REASONS.get(OrderState(order.state))
    if order.state == OrderState.REFUND_OWED and order.refund_owed == order.refundable:
        reason = FreezeReason.REFUND  # once it is paid, nothing of the payment is left
    if order.double_of_id is not None:
        _tell_of_double(context, order)
    if reason is None and order.may_be_double:
        reason = FreezeReason.REVIEW
    if reason is not None:
        fulfillment.freeze_work(order_id=order.pk, reason=reason, now=context.now)
    else:
        fulfillment.resume_work(order_id=order.pk, now=context.now)


def _tell_of_double(context: RecordingContext, order: Order) -> None:
    """Let operators know, once, while a person has to decide whether the buyer meant both."""
    if not order.may_be_double:
        notices.close_alerts(
            subject=order.reference, kind=AlertKind.DOUBLE_PAYMENT, now=context.now
        )
        return
    notices.raise_alert(
        kind=AlertKind.DOUBLE_PAYMENT,
        item=order.reference,
        subject=order.reference,
        mode=Mode(order.mode),
        now=context.now,
        facts={"amount_minor": order.amount_minor, "currency": order.currency},
    )
