"""Erase a person's data beside their orders: what is personal goes, what happened stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from notices import operations as notices
from revenue.enums import AlertKind
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    DoubleVerdict,
    ExcessSettlement,
    Order,
    OrderLinkRequest,
    OrderNote,
    OrderReview,
    RefundPaidElsewhere,
    RefundRequest,
)
from revenue.queries.persons import addressed_mail_refs, closings_about


def lock_sales(order_ids: Sequence[int]) -> None:
    """Hold these orders and their checkouts, so that who records something about them waits.

    Whoever does holds the checkout first, and may hold the address in memory: a mail that it
    queues is then seen by who asks afterwards.
    """
    checkouts = CheckoutSession.objects.filter(order__in=order_ids).order_by("pk")
    list(checkouts.select_for_update(no_key=True).values_list("pk"))
    orders = Order.objects.filter(pk__in=order_ids).order_by("pk")
    list(orders.select_for_update(no_key=True).values_list("pk"))


def erase_subject(
    *, email: str, order_ids: Sequence[int], event_ids: Sequence[int], now: datetime
) -> dict[str, int]:
    """Blank names, addresses and people's words beside these orders; return how many there were.

    The bodies of the events are not emptied here: see ``operations.emptying``. Repeating changes
    nothing.
    """
    mail_refs = addressed_mail_refs(order_ids)
    orders = Order.objects.filter(pk__in=order_ids)
    erased = orders.update(buyer_email="", buyer_name="", card_digest="")
    BuyerMail.objects.filter(order__in=order_ids).update(to_address="")
    OrderReview.objects.filter(order__in=order_ids).exclude(reason="").update(reason="")
    DoubleVerdict.objects.filter(order__in=order_ids).exclude(reason="").update(reason="")
    OrderNote.objects.filter(order__in=order_ids).exclude(words="").update(words="")
    RefundPaidElsewhere.objects.filter(order__in=order_ids).exclude(reason="").update(reason="")
    ExcessSettlement.objects.filter(order__in=order_ids).exclude(reason="").update(reason="")
    RefundRequest.objects.filter(order__in=order_ids).update(reason="")
    closings_about(event_ids=event_ids, order_ids=order_ids).update(reason="")
    OrderLinkRequest.objects.filter(email__iexact=email).delete()
    for mail_ref in mail_refs:  # without an address nobody can send it again
        notices.close_alerts(subject=mail_ref, kind=AlertKind.MAIL_UNSENT, now=now)
    return {"orders": erased, "mails": len(mail_refs)}
