"""A person takes back every link to an order, in mails and in browsers."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from ledger import operations as ledger
from revenue.models import Order, OrderLink


def revoke_order_links(*, order_ref: str, actor_id: int | None, now: datetime) -> int:
    """Revoke all links to the order's checkout and write down who did. Returns how many.

    A mail that is sent later carries a new link. Raises Order.DoesNotExist.
    """
    with transaction.atomic(durable=True):
        order = Order.objects.get(reference=order_ref)
        valid = OrderLink.objects.filter(checkout=order.checkout_id, revoked_at=None)
        revoked = valid.update(revoked_at=now, revoked_by=actor_id)
        ledger.audit(
            actor_id=actor_id,
            event="order.links_revoked",
            subject=order.reference,
            mode=order.mode,
            trace_ref=order.trace_ref,
            now=now,
        )
    return revoked
