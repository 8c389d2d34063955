"""Recording refunds: per refund id, each outcome once, whoever started it."""

from __future__ import annotations

from django.db.models import Q

from crm import operations as crm
from crm.enums import ActivityKind
from kernel.money import Money
from revenue.enums import (
    AlertKind,
    MailKind,
    Outcome,
    RefundState,
    RevenueKind,
)
from revenue.models import Order, Refund, RefundRequest
from revenue.operations.alerts import raise_alert
from revenue.operations.booking import book, is_booked
from revenue.operations.holding import hold_or_release_work
from revenue.operations.locking import lock_paid_order
from revenue.operations.mails import queue_mail
from revenue.operations.order_state import refunded_at_stripe_minor, refunded_minor, settle
from revenue.operations.recording_context import RecordingContext, Unrecordable
from revenue.policy import REFUNDS_UNDONE
from revenue.ports import RefundFact
from revenue.queries.verdicts import is_of_ours


def record_refund(context: RecordingContext, fact: RefundFact) -> Outcome:
    """Book what ``fact`` says of one refund.

    ``succeeded`` books a refund; ``failed`` or ``canceled`` books its reversal if it had been
    booked, and keeps a later ``succeeded`` (an older event) from booking it. Raises CauseMissing;
    Unrecordable for a refund in another currency than the payment's, of which nothing follows.
    """
    order = lock_paid_order(
        payment_intent_id=fact.payment_intent_id, charge_id=fact.charge_id, mode=context.mode
    )
    context.about(order_id=order.pk, trace_ref=order.trace_ref)
    _require_currency(order, fact)
    refund = _row(context, order, fact)
    is_changed = _take_status(context, refund, fact)
    _follow_request(context, refund, fact)
    if refund.status == "succeeded":
        is_changed |= _book_once(context, order, fact, kind=RevenueKind.REFUND)
    elif refund.status in REFUNDS_UNDONE:
        is_changed |= _undo(context, order, fact)
    _remember_charge(order, fact)
    return Outcome.RECORDED if is_changed else Outcome.ALREADY_KNOWN


def _require_currency(order: Order, fact: RefundFact) -> None:
    if fact.amount.currency != order.currency:
        raise Unrecordable(
            f"currency: refund {fact.refund_id} gives {fact.amount} back, but order"
            f" {order.reference} was paid in {order.currency}. Look at it at Stripe."
        )


def _row(context: RecordingContext, order: Order, fact: RefundFact) -> Refund:
    refund, is_new = Refund.objects.get_or_create(
        stripe_id=fact.refund_id,
        defaults={
            "order": order,
            "mode": order.mode,
            "amount_minor": fact.amount.amount_minor,
            "currency": fact.amount.currency,
            "status": fact.status,
            "created_at": fact.created_at,
            "undone_at": context.occurred_at if fact.status in REFUNDS_UNDONE else None,
        },
    )
    if is_new:
        context.changed(f"refund {fact.refund_id} first seen: {fact.status}")
    return refund


def _take_status(context: RecordingContext, refund: Refund, fact: RefundFact) -> bool:
    """Keep the furthest status: pending, then succeeded, then failed or canceled."""
    rank = {"succeeded": 1, "failed": 2, "canceled": 2}
    if rank.get(fact.status, 0) <= rank.get(refund.status, 0):
        return False
    refund.status = fact.status
    refund.undone_at = context.occurred_at if fact.status in REFUNDS_UNDONE else None
    refund.save(update_fields=["status", "undone_at"])
    return True


def _book_once(
    context: RecordingContext, order: Order, fact: RefundFact, *, kind: RevenueKind
) -> bool:
    fact_key = f"refund:{fact.refund_id}:{kind}"
    if is_booked(fact_key=fact_key):
        return False
    is_reversal = kind == RevenueKind.REFUND_REVERSAL
    if not is_reversal:
        _require_room(order, fact)
    amount = fact.amount if is_reversal else -fact.amount
    book(
        context,
        order=order,
        kind=kind,
        amount=amount,
        fact_key=fact_key,
        stripe_object_id=fact.refund_id,
        occurred_at=context.occurred_at,
    )
    settle(context, order, refunded_minor=refunded_minor(order))
    hold_or_release_work(context, order)
    _tell(context, order, fact.amount, fact, is_failure=is_reversal)
    if order.excess_minor:
        _tell_of_excess(context, order, fact)
    return True


def _tell_of_excess(context: RecordingContext, order: Order, fact: RefundFact) -> None:
    raise_alert(
        context,
        kind=AlertKind.REFUND_EXCESS,
        item=fact.refund_id,
        order=order,
        facts={"amount_minor": order.excess_minor, "currency": order.currency},
    )


def _require_room(order: Order, fact: RefundFact) -> None:
    """Raise Unrecordable for more than Stripe has left of it; failures are booked first.

    What was paid another way than by Stripe leaves its own room as it was.
    """
    left = order.total - Money(refunded_at_stripe_minor(order), order.currency)
    if fact.amount.currency == left.currency and left < fact.amount:
        raise Unrecordable(f"amount: a refund of {fact.amount}, and {left} is left of the payment")


def _undo(context: RecordingContext, order: Order, fact: RefundFact) -> bool:
    """Reverse a refund that was booked; tell of the failure of one that never was.

    A failure told before the success leaves no rows where the other order leaves two that cancel
    out: the balances are the same.
    """
    if is_booked(fact_key=f"refund:{fact.refund_id}:{RevenueKind.REFUND_REVERSAL}"):
        return False
    if is_booked(fact_key=f"refund:{fact.refund_id}:{RevenueKind.REFUND}"):
        return _book_once(context, order, fact, kind=RevenueKind.REFUND_REVERSAL)
    _tell(context, order, fact.amount, fact, is_failure=True)
    was = order.state
    settle(context, order)
    hold_or_release_work(context, order)
    return order.state != was


def _tell(
    context: RecordingContext, order: Order, amount: Money, fact: RefundFact, *, is_failure: bool
) -> None:
    kind = MailKind.REFUND_FAILED if is_failure else MailKind.REFUND_BOOKED
    if is_of_ours(order) or _is_asked_for_by_us(order, fact):
        queue_mail(context, order=order, kind=kind, dedupe_key=fact.refund_id, amount=amount)
    if is_failure:
        raise_alert(
            context,
            kind=AlertKind.REFUND_FAILED,
            item=fact.refund_id,
            order=order,
            facts={"amount_minor": amount.amount_minor, "currency": amount.currency},
        )
    if order.deal_id is not None:
        crm.note(
            deal_id=order.deal_id,
            kind=ActivityKind.REFUND_FAILED if is_failure else ActivityKind.REFUND_BOOKED,
            refs={"order": order.reference, "refund": fact.refund_id},
            amount=amount,
            actor_id=None,
            now=context.now,
            key=f"refund:{fact.refund_id}:{kind}",
        )


def _is_asked_for_by_us(order: Order, fact: RefundFact) -> bool:
    """Say whether an owner asked for this refund here, whoever sold what was paid for."""
    is_it = Q(stripe_id=fact.refund_id)
    is_it |= Q(reference=fact.request_ref) if fact.request_ref else Q()
    return RefundRequest.objects.filter(is_it, order=order).exists()


def _follow_request(context: RecordingContext, refund: Refund, fact: RefundFact) -> None:
    """Move the request of ours that this refund answers, if there is one."""
    requests = RefundRequest.objects.select_for_update(no_key=True)
    request = requests.filter(stripe_id=fact.refund_id).first()
    if request is None and fact.request_ref:
        request = requests.filter(reference=fact.request_ref, order=refund.order_id).first()
    if request is None:
        return
    target = {
        "succeeded": RefundState.BOOKED,
        "failed": RefundState.FAILED,
        "canceled": RefundState.FAILED,
    }.get(refund.status, RefundState.REQUESTED)
    if request.can_move(target):
        request.move(target, stripe_id=fact.refund_id, next_check_at=None, last_error="")
        context.changed(f"refund request {request.reference}: {target}")


def _remember_charge(order: Order, fact: RefundFact) -> None:
    if fact.charge_id and not order.charge_id:
        Order.objects.filter(pk=order.pk).update(charge_id=fact.charge_id)
