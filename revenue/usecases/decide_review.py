"""A person decides about an order that needed one, or takes a verdict back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from kernel.money import Money
from revenue.enums import MailKind, ReviewVerdict
from revenue.exchanges.refunds import refund_at_stripe
from revenue.models import OrderReview, RefundRequest
from revenue.operations.locking import lock_order
from revenue.operations.mails import queue_mail
from revenue.operations.recording_context import RecordingContext
from revenue.operations.refund_requests import NotRefundable, open_request
from revenue.operations.reviewing import (
    NothingToDecide,
    give_verdict,
    note_verdict,
    take_back,
    take_in,
)
from revenue.ports import PaymentGateway
from revenue.queries.refundable import refundable_now
from revenue.queries.verdicts import may_be_anothers


@transaction.atomic(durable=True)
def accept_order(*, order_ref: str, reason: str, actor_id: int, now: datetime) -> OrderReview:
    """Accept an order as paid although it differs: deal won, work opened, buyer told, one commit.

    Raises AlreadyDecided or NothingToDecide.
    """
    order = lock_order(order_ref)
    context = RecordingContext.of_decision(mode=order.mode, now=now)
    verdict = ReviewVerdict.ACCEPTED
    review = give_verdict(context, order, verdict=verdict, reason=reason, actor_id=actor_id)
    take_in(context, order)
    note_verdict(order, review, actor_id=actor_id, now=now)
    return review


@transaction.atomic(durable=True)
def rule_out_order(*, order_ref: str, reason: str, actor_id: int, now: datetime) -> OrderReview:
    """Decide that a payment is not ours, and tell whoever paid.

    The money stays in the books, where Stripe has it too, and may be refunded all the same. Only
    a payment that no checkout of ours took can be somebody else's. Raises AlreadyDecided or
    NothingToDecide.
    """
    order = lock_order(order_ref)
    if not may_be_anothers(order):
        raise NothingToDecide(
            "Our own checkout took this payment, so it is ours: accept it or refund it."
        )
    context = RecordingContext.of_decision(mode=order.mode, now=now)
    verdict = ReviewVerdict.NOT_OURS
    review = give_verdict(context, order, verdict=verdict, reason=reason, actor_id=actor_id)
    note_verdict(order, review, actor_id=actor_id, now=now)
    if order.paid_at is not None:
        queue_mail(context, order=order, kind=MailKind.NOT_OURS, dedupe_key=str(review.pk))
    return review


@transaction.atomic(durable=True)
def reopen_order(*, order_ref: str, reason: str, actor_id: int, now: datetime) -> OrderReview:
    """Take a verdict back, so that the order waits for a decision again. Raises NothingToDecide."""
    order = lock_order(order_ref)
    context = RecordingContext.of_decision(mode=order.mode, now=now)
    review = take_back(context, order, reason=reason, actor_id=actor_id)
    note_verdict(order, review, actor_id=actor_id, now=now)
    return review


def refund_reviewed_order(
    *,
    order_ref: str,
    request_ref: str,
    amount: Money,
    reason: str,
    actor_id: int,
    gateway: PaymentGateway,
    now: datetime,
) -> RefundRequest:
    """Decide that all of an order goes back, and ask Stripe for it.

    The verdict and the request commit together before the call; should Stripe refuse, the verdict
    stands and an owner may ask again. Pressing twice finds the first request and calls nobody.
    Raises AlreadyDecided, NothingToDecide, or NotRefundable when ``amount`` is not all of it.
    """
    with transaction.atomic(durable=True):
        order = lock_order(order_ref)
        known = RefundRequest.objects.filter(reference=request_ref, order=order).first()
        if known is not None:
            return known
        left = refundable_now(order)
        if amount != left:
            raise NotRefundable(f"All of it is refunded here, which is {left}. Nothing was sent.")
        review = give_verdict(
            RecordingContext.of_decision(mode=order.mode, now=now),
            order,
            verdict=ReviewVerdict.REFUND,
            reason=reason,
            actor_id=actor_id,
        )
        request, _is_new = open_request(
            order=order,
            request_ref=request_ref,
            amount=amount,
            reason=reason,
            actor_id=actor_id,
            now=now,
        )
        note_verdict(order, review, actor_id=actor_id, now=now)
    return refund_at_stripe(request, gateway=gateway, now=now)
