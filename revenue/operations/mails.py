"""Queueing mail to a buyer: a row in the sale's own commit, sent by a task afterwards."""

from __future__ import annotations

from datetime import datetime

from kernel.money import Money
from kernel.nudges import nudge_after_commit
from kernel.references import new_reference
from kernel.statements import insert_once
from revenue.enums import MailKind
from revenue.models import BuyerMail, Order
from revenue.operations.recording_context import RecordingContext


def queue_mail(
    context: RecordingContext,
    *,
    order: Order,
    kind: MailKind,
    dedupe_key: str = "",
    amount: Money | None = None,
) -> None:
    """Queue one mail to the address Stripe returned, once per order, kind and ``dedupe_key``.

    Without an address there is nobody to write to, and nothing is queued.
    """
    made = _queue(
        order=order,
        kind=kind,
        dedupe_key=dedupe_key,
        amount_minor=None if amount is None else amount.amount_minor,
        now=context.now,
    )
    if made:
        context.changed(f"mail queued: {kind}")


def queue_order_link(*, order: Order, window: str, now: datetime) -> None:
    """Queue a new link to ``order`` for its buyer, at most once per ``window`` of time."""
    _queue(order=order, kind=MailKind.ORDER_LINK, dedupe_key=window, amount_minor=None, now=now)


def queue_delivered(*, order: Order, deliverable_ref: str, now: datetime) -> None:
    """Queue the word that the order's work is here, once for each document."""
    _queue(
        order=order, kind=MailKind.DELIVERED, dedupe_key=deliverable_ref, amount_minor=None, now=now
    )


def _queue(
    *, order: Order, kind: MailKind, dedupe_key: str, amount_minor: int | None, now: datetime
) -> bool:
    if not order.buyer_email:
        return False
    mail = BuyerMail(
        reference=new_reference("mail"),
        mode=order.mode,
        order=order,
        kind=kind,
        dedupe_key=dedupe_key,
        to_address=order.buyer_email,
        amount_minor=amount_minor,
        next_attempt_at=now,
        queued_at=now,
    )
    insert_once(mail)
    nudge_after_commit("mail.queued")
    return True
