"""A person's verdict on an order that needed one, and all that follows from it."""

from __future__ import annotations

from datetime import datetime

from crm import operations as crm
from crm.enums import ActivityKind, SaleStanding
from ledger import operations as ledger
from revenue.enums import AlertKind, MailKind, OrderState, ReviewVerdict
from revenue.models import Order, OrderReview
from revenue.operations.alerts import close_alerts
from revenue.operations.fulfilling import attach, open_work
from revenue.operations.holding import hold_or_release_work
from revenue.operations.mails import queue_mail
from revenue.operations.standing import settle
from revenue.operations.telling import Telling


class NothingToDecide(Exception):
    """The order does not need a verdict (any more). The text is a sentence for a person."""


class AlreadyDecided(Exception):
    """Somebody decided before, and a verdict is final. The text is a sentence for a person."""


def give_verdict(
    telling: Telling, order: Order, *, verdict: ReviewVerdict, reason: str, actor_id: int
) -> OrderReview:
    """Write the verdict and settle the order's state by it.

    The caller holds the lock on the order's checkout. Raises AlreadyDecided or NothingToDecide.
    """
    _require_open(order)
    review = OrderReview.objects.create(
        order=order,
        verdict=verdict,
        reason=reason,
        decided_by_id=actor_id,
        decided_at=telling.now,
    )
    settle(telling, order)
    ledger.audit(
        actor_id=actor_id,
        event="order.reviewed",
        subject=order.reference,
        facts={
            "verdict": str(verdict),
            "amount_minor": order.amount_minor,
            "currency": order.currency,
        },
        mode=order.mode,
        trace_ref=order.trace_ref,
        key=f"order.reviewed:{order.reference}",
        now=telling.now,
    )
    close_alerts(subject=order.reference, kind=AlertKind.ORDER_REVIEW, now=telling.now)
    return review


def _require_open(order: Order) -> None:
    known = OrderReview.objects.select_related("decided_by").filter(order=order).first()
    if known is not None:
        raise AlreadyDecided(
            f"Already decided on {known.decided_at:%d %b %Y, %H:%M} UTC: "
            f"{ReviewVerdict(known.verdict).label}. A verdict is final; nothing was changed."
        )
    if order.state != OrderState.NEEDS_REVIEW:
        raise NothingToDecide(
            f"This order is {OrderState(order.state).label}: there is nothing to decide."
        )


def note_verdict(order: Order, *, verdict: ReviewVerdict, actor_id: int, now: datetime) -> None:
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
        key=f"reviewed:{order.reference}:{verdict}",
    )


def take_in(telling: Telling, order: Order) -> None:
    """Do for an accepted order what its payment would have done at once.

    The deal is attached and won, the work opened, the buyer told. What happened between the
    payment and the verdict counts: the work of a disputed order opens frozen. (An order that was
    refunded in full meanwhile needs no verdict any more: ``give_verdict`` says so.)
    """
    is_paid = order.paid_at is not None
    attach(telling, order, standing=SaleStanding.WON if is_paid else None)
    if not is_paid:
        is_failed = order.state == OrderState.FAILED
        kind = MailKind.PAYMENT_FAILED if is_failed else MailKind.BANK_PROCESSING
        queue_mail(telling, order=order, kind=kind)
        return
    open_work(telling, order)
    hold_or_release_work(telling, order)
    queue_mail(telling, order=order, kind=MailKind.PAID)
