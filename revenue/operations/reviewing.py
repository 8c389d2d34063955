"""A person's verdict on an order that needed one, and all that follows from it."""

from __future__ import annotations

from datetime import datetime

from crm import operations as crm
from crm.enums import ActivityKind, SaleStatus
from ledger import operations as ledger
from notices import operations as notices
from revenue.enums import AlertKind, MailKind, OrderState, ReviewVerdict
from revenue.models import Order, OrderReview
from revenue.operations.deals import attach_deal
from revenue.operations.holding import hold_or_release_work, open_work
from revenue.operations.mails import queue_mail
from revenue.operations.order_state import settle
from revenue.operations.recording_context import RecordingContext
from revenue.queries.verdicts import newest_review, why_not_reopened


class NothingToDecide(Exception):
    """The order does not need a verdict (any more). The text is a sentence for a person."""


class AlreadyDecided(Exception):
    """Somebody decided before, and that stands. The text is a sentence for a person."""


def give_verdict(
    context: RecordingContext, order: Order, *, verdict: ReviewVerdict, reason: str, actor_id: int
) -> OrderReview:
    """Write the verdict and settle the order's state by it.

    The caller holds the lock on the order's checkout. Raises AlreadyDecided or NothingToDecide.
    """
    newest = newest_review(order)
    _require_open(order, newest)
    review = _write(
        context, order, follows=newest, verdict=verdict, reason=reason, actor_id=actor_id
    )
    notices.close_alerts(subject=order.reference, kind=AlertKind.ORDER_REVIEW, now=context.now)
    return review


def take_back(
    context: RecordingContext, order: Order, *, reason: str, actor_id: int
) -> OrderReview:
    """Take back a verdict that nothing has come of, so that somebody decides again.

    The caller holds the lock on the order's checkout. Raises NothingToDecide.
    """
    newest = newest_review(order)
    if problem := why_not_reopened(order, newest):
        raise NothingToDecide(problem)
    verdict = ReviewVerdict.REOPENED
    return _write(context, order, follows=newest, verdict=verdict, reason=reason, actor_id=actor_id)


def _write(
    context: RecordingContext,
    order: Order,
    *,
    follows: OrderReview | None,
    verdict: ReviewVerdict,
    reason: str,
    actor_id: int,
) -> OrderReview:
    review = OrderReview.objects.create(
        order=order,
        follows=follows,
        verdict=verdict,
        reason=reason,
        decided_by_id=actor_id,
        decided_at=context.now,
    )
    settle(context, order)
    ledger.audit(
        actor_id=actor_id,
        event="order.reopened" if verdict == ReviewVerdict.REOPENED else "order.reviewed",
        subject=order.reference,
        facts={
            "verdict": str(verdict),
            "amount_minor": order.amount_minor,
            "currency": order.currency,
        },
        mode=order.mode,
        trace_ref=order.trace_ref,
        key=f"order.reviewed:{_nth(order, review)}",
        now=context.now,
    )
    return review


def _nth(order: Order, review: OrderReview) -> str:
    """Name one verdict among all that an order had; the first one has the order's own name."""
    return f"{order.reference}:{review.pk}" if review.follows_id else order.reference


def _require_open(order: Order, newest: OrderReview | None) -> None:
    if newest is not None and newest.verdict != ReviewVerdict.REOPENED:
        raise AlreadyDecided(
            f"Already decided on {newest.decided_at:%d %b %Y, %H:%M} UTC: "
            f"{ReviewVerdict(newest.verdict).label}. Nothing was changed."
        )
    if order.state != OrderState.NEEDS_REVIEW:
        raise NothingToDecide(
            f"This order is {OrderState(order.state).label}: there is nothing to decide."
        )


def note_verdict(order: Order, review: OrderReview, *, actor_id: int, now: datetime) -> None:
    """Write the verdict into the timeline of the order's deal, if it has one."""
    if order.deal_id is None:
        return
    crm.note(
        deal_id=order.deal_id,
        kind=ActivityKind.ORDER_REVIEWED,
        refs={"order": order.reference},
        amount=order.total,
        actor_id=actor_id,
        now=now,
        key=f"reviewed:{_nth(order, review)}:{review.verdict}",
    )


def take_in(context: RecordingContext, order: Order) -> None:
    """Do for an accepted order what its payment would have done at once.

    The deal is attached and won, the work opened, the buyer told. What happened between the
    payment and the verdict counts: the work of a disputed order opens frozen. (An order that was
    refunded in full meanwhile needs no verdict any more: ``give_verdict`` says so.)
    """
    is_paid = order.paid_at is not None
    deal = attach_deal(context, order, status=SaleStatus.WON if is_paid else None)
    order.save(update_fields=["deal", "contact", "double_of"])
    if not is_paid or deal is None:
        is_failed = order.state == OrderState.FAILED
        kind = MailKind.PAYMENT_FAILED if is_failed else MailKind.BANK_PROCESSING
        queue_mail(context, order=order, kind=kind)
        return
    open_work(context, order, deal)
    hold_or_release_work(context, order)
    queue_mail(context, order=order, kind=MailKind.PAID)
