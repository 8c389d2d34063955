"""What the sale keeps about one person, and what of it is under way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from django.db.models import Q, QuerySet

from crm import queries as crm
from revenue.enums import CheckoutState, MailState, OrderState, PaymentLinkState
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    Dispute,
    DoubleVerdict,
    EventClosing,
    ExcessSettlement,
    Order,
    OrderLinkRequest,
    OrderNote,
    OrderReview,
    PaymentLink,
    Refund,
    RefundPaidElsewhere,
    RefundRequest,
    StripeWebhookEvent,
)
from revenue.policy import DISPUTES_CLOSED
from revenue.queries.bodies import is_theirs
from revenue.queries.refundable import OPEN_STATES, UNDER_WAY_AT_STRIPE

UNDECIDED: Final = {
    OrderState.AWAITING_PAYMENT: "the bank has not said whether it pays",
    OrderState.NEEDS_REVIEW: "a person has to decide about it first",
    OrderState.REFUND_OWED: "a refund that failed is owed to the buyer",
}
WITH_REASONS: Final = (
    OrderReview,
    DoubleVerdict,
    RefundPaidElsewhere,
    ExcessSettlement,
    RefundRequest,
)


def orders_of(contact_ids: Sequence[int], emails: Iterable[str]) -> list[Order]:
    """Return the orders of these contacts, and those that were paid by such an address."""
    return list(Order.objects.filter(is_theirs(contact_ids, sorted(emails))).order_by("pk"))


def order_refs(order_ids: Sequence[int]) -> list[str]:
    """Return what these orders are called."""
    orders = Order.objects.filter(pk__in=order_ids).order_by("pk")
    return list(orders.values_list("reference", flat=True))


def addressed_mail_refs(order_ids: Sequence[int]) -> list[str]:
    """Return the mails about these orders that still bear an address."""
    mails = BuyerMail.objects.filter(order__in=order_ids).exclude(to_address="").order_by("pk")
    return list(mails.values_list("reference", flat=True))


def event_refs(event_ids: Sequence[int]) -> list[str]:
    """Return what the ledger calls these events."""
    events = StripeWebhookEvent.objects.only("stripe_id").filter(pk__in=event_ids)
    return [event.ledger_ref for event in events.order_by("pk")]


def count_reasons(*, event_ids: Sequence[int], order_ids: Sequence[int]) -> int:
    """Return how many texts of people stand beside these orders and events."""
    reasons = [
        model.objects.filter(order__in=order_ids).exclude(reason="") for model in WITH_REASONS
    ]
    notes = OrderNote.objects.filter(order__in=order_ids).exclude(words="")
    closings = closings_about(event_ids=event_ids, order_ids=order_ids)
    return sum(rows.count() for rows in reasons) + notes.count() + closings.count()


def is_named(text: str) -> bool:
    """Say whether a buyer is kept under exactly this text, be it an address or not."""
    return (
        Order.objects.filter(buyer_email__iexact=text).exists()
        or BuyerMail.objects.filter(to_address__iexact=text).exists()
        or OrderLinkRequest.objects.filter(email__iexact=text).exists()
    )


def closings_about(*, event_ids: Sequence[int], order_ids: Sequence[int]) -> QuerySet[EventClosing]:
    """Return why events of these ids, or of these orders, were closed without acting."""
    about = Q(event__in=event_ids) | Q(event__order__in=order_ids)
    return EventClosing.objects.filter(about).exclude(reason="")


def in_the_way(order_ids: Sequence[int]) -> list[str]:
    """Say, a sentence each, what must end before the person of these orders can be erased."""
    undecided = Order.objects.filter(pk__in=order_ids, state__in=UNDECIDED)
    disputes = Dispute.objects.filter(order__in=order_ids).exclude(status__in=DISPUTES_CLOSED)
    asked = RefundRequest.objects.filter(order__in=order_ids, state__in=OPEN_STATES)
    begun = Refund.objects.filter(order__in=order_ids, status__in=UNDER_WAY_AT_STRIPE)
    leaving = [MailState.QUEUED, MailState.SENDING]
    mails = BuyerMail.objects.filter(order__in=order_ids, state__in=leaving)
    return [
        *(
            f"Order {order.reference}: {UNDECIDED[OrderState(order.state)]}."
            for order in undecided.order_by("pk")
        ),
        *(
            f"Order {ref}: dispute {dispute} is open, and its evidence names the buyer."
            for ref, dispute in disputes.values_list("order__reference", "stripe_id")
        ),
        *(
            f"Order {ref}: refund {refund} is on its way."
            for ref, refund in [
                *asked.values_list("order__reference", "reference"),
                *begun.values_list("order__reference", "stripe_id"),
            ]
        ),
        *(
            f"Order {ref}: mail {mail} is still to be sent."
            for ref, mail in mails.values_list("order__reference", "reference")
        ),
    ]


def still_payable(contact_ids: Sequence[int]) -> list[str]:
    """Return the references of what was prepared for these contacts and may still be paid."""
    deal_ids = list(crm.deal_refs(contact_ids))
    links = PaymentLink.objects.filter(
        deal__in=deal_ids, state__in=[PaymentLinkState.ACTIVE, PaymentLinkState.UNKNOWN]
    )
    checkouts = CheckoutSession.objects.filter(
        deal__in=deal_ids, state__in=[CheckoutState.OPEN, CheckoutState.UNKNOWN]
    )
    return [
        str(reference)
        for rows in (links, checkouts)
        for reference in rows.order_by("pk").values_list("reference", flat=True)
    ]
