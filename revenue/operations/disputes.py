"""Recording disputes: the status of each, and every movement of money it causes."""

from __future__ import annotations

from django.db.models import Max, Q

from crm import operations as crm
from crm.enums import ActivityKind
from notices import operations as notices
from revenue.enums import AlertKind, Outcome, RevenueKind
from revenue.models import Dispute, Order, RevenueEvent
from revenue.operations.alerts import raise_alert
from revenue.operations.booking import book, is_booked
from revenue.operations.holding import hold_or_release_work
from revenue.operations.locking import lock_paid_order
from revenue.operations.order_state import disputed_minor, settle
from revenue.operations.recording_context import RecordingContext
from revenue.policy import (
    DISPUTE_LOST,
    DISPUTE_RANKS,
    DISPUTES_CLOSED,
    DISPUTES_NOT_WAITING,
    further_dispute_status,
)
from revenue.ports import DisputeFact, DisputeMovement


def record_dispute(context: RecordingContext, fact: DisputeFact) -> Outcome:
    """Bring our rows to what ``fact`` says of one dispute. Raises CauseMissing.

    The work stops while a dispute is open or lost, and while any of its money is held back.
    Nothing here answers a dispute: people do, at Stripe.
    """
    order = lock_paid_order(
        payment_intent_id=fact.payment_intent_id, charge_id=fact.charge_id, mode=context.mode
    )
    context.about(order_id=order.pk, trace_ref=order.trace_ref)
    is_changed = False
    for movement in fact.movements:
        is_changed |= _book_movement(context, order, fact, movement)
    is_changed |= _take_status(context, order, fact)
    _doubt(context, order, fact)
    if not is_changed:
        return Outcome.ALREADY_KNOWN
    settle(context, order, disputed_minor=disputed_minor(order))
    hold_or_release_work(context, order)
    return Outcome.RECORDED


def _doubt(context: RecordingContext, order: Order, fact: DisputeFact) -> None:
    """Say what a person must look at, beside the dispute itself."""
    if fact.status not in DISPUTE_RANKS:
        context.doubted(
            f"status: {fact.status}, which is no status of a dispute that we know: it counts as"
            " open. Look at it at Stripe."
        )
    if fact.amount.currency != order.currency:
        context.doubted(
            f"currency: {fact.amount} is disputed, but order {order.reference} was paid in"
            f" {order.currency}: all of it counts as held back. Look at it at Stripe."
        )


def _take_status(context: RecordingContext, order: Order, fact: DisputeFact) -> bool:
    dispute, is_new = Dispute.objects.get_or_create(
        stripe_id=fact.dispute_id,
        defaults={
            "order": order,
            "mode": order.mode,
            "status": fact.status,
            "reason": fact.reason[:60],
            "amount_minor": fact.amount.amount_minor,
            "currency": fact.amount.currency,
            "evidence_due_at": fact.evidence_due_at,
            "opened_at": fact.opened_at,
        },
    )
    if is_new:
        _tell_opened(context, order, fact)
    status = further_dispute_status(dispute.status, fact.status)
    if status == "won" and _left_again(fact):
        status = DISPUTE_LOST
    is_moved = is_new or status != dispute.status
    if status != dispute.status:
        Dispute.objects.filter(pk=dispute.pk).update(
            status=status, evidence_due_at=fact.evidence_due_at
        )
    if is_moved and not is_new and status in DISPUTES_NOT_WAITING:
        notices.close_alert_about(
            kind=AlertKind.DISPUTE_OPENED, item=fact.dispute_id, now=context.now
        )
    if is_moved and status in DISPUTES_CLOSED:
        kind = ActivityKind.DISPUTE_CLOSED
        _note(context, order, fact, kind=kind, key=f"{kind}:{fact.dispute_id}:{status}")
    if is_moved:
        context.changed(f"dispute {fact.dispute_id}: {status}")
    return is_moved


def _left_again(fact: DisputeFact) -> bool:
    """Say whether the money came back and then left once more, by the movements that are booked.

    A status alone cannot say it: ``lost`` may be older news than ``won``, or newer.
    """
    last = RevenueEvent.objects.filter(stripe_object_id=fact.dispute_id).aggregate(
        out=Max("occurred_at", filter=Q(kind=RevenueKind.DISPUTE)),
        back=Max("occurred_at", filter=Q(kind=RevenueKind.DISPUTE_REVERSAL)),
    )
    return bool(last["out"] and last["back"] and last["back"] < last["out"])


def _tell_opened(context: RecordingContext, order: Order, fact: DisputeFact) -> None:
    due = fact.evidence_due_at
    raise_alert(
        context,
        kind=AlertKind.DISPUTE_OPENED,
        item=fact.dispute_id,
        order=order,
        facts={
            "amount_minor": fact.amount.amount_minor,
            "currency": fact.amount.currency,
            "evidence_due_at": due.isoformat() if due else "",
        },
    )
    kind = ActivityKind.DISPUTE_OPENED
    _note(context, order, fact, kind=kind, key=f"{kind}:{fact.dispute_id}")


def _note(
    context: RecordingContext, order: Order, fact: DisputeFact, *, kind: ActivityKind, key: str
) -> None:
    if order.deal_id is None:
        return
    crm.note(
        deal_id=order.deal_id,
        kind=kind,
        refs={"order": order.reference, "dispute": fact.dispute_id},
        amount=fact.amount,
        actor_id=None,
        now=context.now,
        key=key,
    )


def _book_movement(
    context: RecordingContext, order: Order, fact: DisputeFact, movement: DisputeMovement
) -> bool:
    """Book one balance transaction of a dispute, and the fee that came with it."""
    fact_key = f"dispute:{fact.dispute_id}:{movement.transaction_id}"
    if movement.amount.amount_minor == 0 or is_booked(fact_key=fact_key):
        return False
    leaves = movement.amount.amount_minor < 0
    book(
        context,
        order=order,
        kind=RevenueKind.DISPUTE if leaves else RevenueKind.DISPUTE_REVERSAL,
        amount=movement.amount,
        fact_key=fact_key,
        stripe_object_id=fact.dispute_id,
        occurred_at=movement.occurred_at,
        exchange_rate=movement.exchange_rate,
    )
    if movement.fee.amount_minor:
        book(
            context,
            order=order,
            kind=RevenueKind.FEE,
            amount=-movement.fee,
            fact_key=f"fee:{movement.transaction_id}",
            stripe_object_id=movement.transaction_id,
            occurred_at=movement.occurred_at,
        )
    return True
