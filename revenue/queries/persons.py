"""All that is kept about one person, by the address they are known under."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
from revenue.queries.bodies import bodies_about, is_theirs
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What holds words about one person. References only, so that it may be printed."""

    contact_refs: Sequence[str]
    contact_ids: Sequence[int]
    deal_refs: Sequence[str]
    deal_ids: Sequence[int]
    order_refs: Sequence[str]
    order_ids: Sequence[int]
    mail_refs: Sequence[str]
    event_ids: Sequence[int]
    event_refs: Sequence[str]
    trapped_refs: Sequence[str]  # requests that looked like spam
    reasons: int

    @property
    def subject(self) -> str:
        """The reference that stands for the person; "" where nothing is kept."""
        named = [*self.contact_refs, *self.order_refs, *self.event_refs, *self.trapped_refs]
        return next(filter(None, named), "")


def kept_about(email: str) -> Kept:
    """Return what is kept about the person of ``email``, however it is written.

    Found by the contact that crm knows, by the address on orders, and by the address in what
    Stripe wrote. Reads every body that is left: for the rare day on which it is asked.
    """
    known = crm.contact_by_email(email)
    contacts = [known] if known else []
    written = {email, email.lower(), *(contact.email for contact in contacts)}
    orders = _orders(contacts, written)
    # Of an address that nobody can read, each payment makes a contact without one.
    contacts += crm.contacts_without_address(
        [each.contact_id for each in orders if each.contact_id]
    )
    orders = _orders(contacts, written)
    written |= {order.buyer_email for order in orders if order.buyer_email}
    deals = [deal for contact in contacts for deal in crm.deals_of_contact(contact.id)]
    order_ids = [order.pk for order in orders]
    contact_ids = [contact.id for contact in contacts]
    event_ids = bodies_about(contact_ids=contact_ids, emails=sorted(written))
    mails = BuyerMail.objects.filter(order__in=order_ids).exclude(to_address="")
    events = StripeWebhookEvent.objects.only("stripe_id")
    return Kept(
        contact_refs=[contact.reference for contact in contacts],
        contact_ids=contact_ids,
        deal_refs=[deal.reference for deal in deals],
        deal_ids=[deal.id for deal in deals],
        order_refs=[order.reference for order in orders],
        order_ids=order_ids,
        mail_refs=list(mails.order_by("pk").values_list("reference", flat=True)),
        event_ids=event_ids,
        trapped_refs=crm.trapped_refs_of(email),
        event_refs=[event.ledger_ref for event in events.filter(pk__in=event_ids).order_by("pk")],
        reasons=sum(
            model.objects.filter(order__in=order_ids).exclude(reason="").count()
            for model in WITH_REASONS
        )
        + OrderNote.objects.filter(order__in=order_ids).exclude(words="").count()
        + closings_about(event_ids=event_ids, order_ids=order_ids).count(),
    )


def _orders(contacts: Sequence[crm.KnownContact], emails: Iterable[str]) -> list[Order]:
    is_one = is_theirs([contact.id for contact in contacts], sorted(emails))
    return list(Order.objects.filter(is_one).order_by("pk"))


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


def still_payable(deal_ids: Sequence[int]) -> list[str]:
    """Return the references of what was prepared for these deals and may still be paid."""
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
