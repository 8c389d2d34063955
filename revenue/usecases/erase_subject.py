"""Erasing a person's data everywhere: what is personal goes, what happened stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from crm import operations as crm
from ledger import operations as ledger
from revenue.enums import AlertKind, ErasureReason
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
from revenue.operations.alerts import close_alerts
from revenue.ports import PaymentGateway
from revenue.queries.persons import Kept, closings_about, in_the_way, kept_about
from revenue.usecases.empty_bodies import empty_in_batches


class NothingKept(Exception):
    """Nothing is kept about that address."""


class NotYet(Exception):
    """Something about the person is under way; ``reasons`` says what, a sentence each."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def erase_subject(
    *,
    email: str,
    reason: ErasureReason,
    gateway: PaymentGateway,
    actor_id: int | None,
    now: datetime,
) -> Kept:
    """Blank all that is kept about the person of ``email``; return what that was.

    References, states, amounts, times and digests stay, and so does the ledger, which gets an
    entry that says so without naming anybody. Bodies of Stripe's events go first, in transactions
    of their own: interrupted, it is simply done again. Repeating finds only what came since.

    Raises NothingKept, and NotYet while a dispute, a refund, a decision or a mail is open.
    """
    kept = kept_about(email)
    if not kept.subject:
        raise NothingKept
    _require_nothing_open(kept)
    emptied = empty_in_batches(kept.event_ids, gateway=gateway, now=now)
    with transaction.atomic(durable=True):
        # Whoever records something about an order holds its checkout first, and may hold the
        # address in memory: a mail that it queues is then seen below.
        checkouts = CheckoutSession.objects.filter(order__in=kept.order_ids).order_by("pk")
        list(checkouts.select_for_update(no_key=True).values_list("pk"))
        orders = Order.objects.filter(pk__in=kept.order_ids).order_by("pk")
        held = list(orders.select_for_update(no_key=True))
        _require_nothing_open(kept)
        touched = crm.erase_subject(email=email, contact_ids=kept.contact_ids, now=now)
        _blank(held, mail_refs=kept.mail_refs, email=email, now=now)
        closings_about(event_ids=kept.event_ids, order_ids=kept.order_ids).update(reason="")
        ledger.audit(
            actor_id=actor_id,
            event="personal_data.erased",
            subject=kept.subject,
            refs=list(dict.fromkeys([*touched, *kept.order_refs])),
            facts={
                "reason": reason,
                "orders": len(held),
                "mails": len(kept.mail_refs),
                "events": emptied,
            },
            now=now,
        )
    return kept


def _require_nothing_open(kept: Kept) -> None:
    if reasons := in_the_way(kept.order_ids):
        raise NotYet(reasons)


def _blank(orders: Sequence[Order], *, mail_refs: Sequence[str], email: str, now: datetime) -> None:
    """Blank names, addresses and people's words beside these orders."""
    order_ids = [order.pk for order in orders]
    Order.objects.filter(pk__in=order_ids).update(buyer_email="", buyer_name="", card_digest="")
    BuyerMail.objects.filter(order__in=order_ids).update(to_address="")
    OrderReview.objects.filter(order__in=order_ids).exclude(reason="").update(reason="")
    DoubleVerdict.objects.filter(order__in=order_ids).exclude(reason="").update(reason="")
    OrderNote.objects.filter(order__in=order_ids).exclude(words="").update(words="")
    RefundPaidElsewhere.objects.filter(order__in=order_ids).exclude(reason="").update(reason="")
    ExcessSettlement.objects.filter(order__in=order_ids).exclude(reason="").update(reason="")
    RefundRequest.objects.filter(order__in=order_ids).update(reason="")
    OrderLinkRequest.objects.filter(email__iexact=email).delete()
    for mail_ref in mail_refs:  # without an address nobody can send it again
        close_alerts(subject=mail_ref, kind=AlertKind.MAIL_UNSENT, now=now)
