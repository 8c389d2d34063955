"""A person writes down something about an order, a refund or a dispute."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from revenue.models import Dispute, Order, OrderNote, Refund
from revenue.operations.locking import lock_order


class NotOfThisOrder(Exception):
    """No refund or dispute of that id belongs to the order."""


@transaction.atomic(durable=True)
def write_note(
    *, order_ref: str, about: str, words: str, actor_id: int, now: datetime
) -> OrderNote:
    """Keep ``words`` with an order; ``about`` is "" or Stripe's id of a refund or dispute of it.

    Raises NotOfThisOrder, Order.DoesNotExist, or ValueError for a note without words.
    """
    if not words:
        raise ValueError("a note has words")
    order = lock_order(order_ref)  # an erasure that waits for it sees this note too
    if about and not _belongs(order, about):
        raise NotOfThisOrder(about)
    return OrderNote.objects.create(
        order=order, about=about, words=words, written_by_id=actor_id, written_at=now
    )


def _belongs(order: Order, about: str) -> bool:
    is_refund = Refund.objects.filter(order=order, stripe_id=about).exists()
    return is_refund or Dispute.objects.filter(order=order, stripe_id=about).exists()
