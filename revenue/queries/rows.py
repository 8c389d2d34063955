"""Rows of the sale as pages and other apps see them: plain values, no way back to the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from kernel.money import Money
from kernel.state_words import OperatorWords
from revenue.enums import CheckoutOrigin, CheckoutState, OrderState, PaymentLinkState, ReviewReason
from revenue.models import CheckoutSession, Offer, Order, PaymentLink


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRow:
    """One version of an offer."""

    id: int
    reference: str
    slug: str
    version: int
    title: str
    price: Money
    refund_policy: str
    refund_policy_version: int

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DealOfOrder:
    """The deal that an order hangs on."""

    id: int
    reference: str
    trace_ref: str
    mode: str
    stage: str
    stage_since: datetime
    state_words: OperatorWords
    won_order_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactOfOrder:
    """The contact that an order hangs on."""

    id: int
    reference: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPayment:
    """The order that a second payment may repeat."""

    reference: str
    deal_id: int | None
    contact_id: int | None
    is_held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order, with the offer it is of and whom it belongs to."""

    id: int
    reference: str
    mode: str
    state: OrderState
    state_words: OperatorWords
    review_reason: ReviewReason | None
    trace_ref: str
    checkout_id: int
    offer: OfferRow | None
    deal: DealOfOrder | None
    contact: ContactOfOrder | None
    buyer_email: str
    buyer_name: str
    payment_intent_id: str
    charge_id: str
    total: Money  # what Stripe says that the session takes, tax included
    tax: Money
    refunded: Money
    disputed: Money  # what banks hold back of it, net of what came back
    refund_owed: Money
    excess: Money
    placed_at: datetime
    paid_at: datetime | None
    payment_failed_at: datetime | None
    is_given_back: bool
    double_of: EarlierPayment | None
    may_be_double: bool
    is_double_meant: bool

    @property
    def is_inquiry(self) -> bool:
        """Whether the bank asks, and has withdrawn nothing."""
        return self.state == OrderState.DISPUTED and not self.disputed.amount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRow:
    """A Checkout Session, with the offer it sells; of one that is not ours little is known."""

    id: int
    reference: str
    mode: str
    state: CheckoutState
    state_words: OperatorWords
    origin: CheckoutOrigin
    offer: OfferRow | None
    price: Money | None
    stripe_id: str
    url: str
    entry_page: str
    last_error: str
    created_at: datetime
    opened_at: datetime | None
    handed_off_at: datetime | None
    returned_at: datetime | None
    cancelled_at: datetime | None
    expired_at: datetime | None
    expires_at: datetime | None
    is_close_asked: bool  # by a person, so that nobody can pay it any more


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentLinkRow:
    """A payment link, with the offer it sells."""

    reference: str
    mode: str
    state: PaymentLinkState
    state_words: OperatorWords
    offer: OfferRow
    price: Money
    url: str
    created_at: datetime


def offer_row(offer: Offer) -> OfferRow:
    """Read one offer version."""
    return OfferRow(
        id=offer.pk,
        reference=offer.reference,
        slug=offer.slug,
        version=offer.version,
        title=offer.title,
        price=offer.price,
        refund_policy=offer.refund_policy,
        refund_policy_version=offer.refund_policy_version,
    )


def with_order_parts(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Return ``orders`` with all that ``order_row`` reads, in one statement."""
    return orders.select_related("offer", "deal", "contact", "double_of", "double_verdict")


def order_row(order: Order) -> OrderRow:
    """Read one order of ``with_order_parts``."""
    return OrderRow(
        id=order.pk,
        reference=order.reference,
        mode=order.mode,
        state=OrderState(order.state),
        state_words=order.state_words,
        review_reason=ReviewReason(order.review_reason) if order.review_reason else None,
        trace_ref=order.trace_ref,
        checkout_id=order.checkout_id,
        offer=offer_row(order.offer) if order.offer else None,
        deal=_deal(order),
        contact=_contact(order),
        buyer_email=order.buyer_email,
        buyer_name=order.buyer_name,
        payment_intent_id=order.payment_intent_id,
        charge_id=order.charge_id,
        total=order.total,
        tax=Money(order.tax_minor, order.currency),
        refunded=Money(order.refunded_minor, order.currency),
        disputed=Money(order.disputed_minor, order.currency),
        refund_owed=order.refund_owed,
        excess=order.excess,
        placed_at=order.placed_at,
        paid_at=order.paid_at,
        payment_failed_at=order.payment_failed_at,
        is_given_back=order.is_given_back,
        double_of=_earlier_payment(order),
        may_be_double=order.may_be_double,
        is_double_meant=getattr(order, "double_verdict", None) is not None,
    )


def _deal(order: Order) -> DealOfOrder | None:
    deal = order.deal
    if deal is None:
        return None
    return DealOfOrder(
        id=deal.pk,
        reference=deal.reference,
        trace_ref=deal.trace_ref,
        mode=deal.mode,
        stage=deal.stage,
        stage_since=deal.stage_since,
        state_words=deal.state_words,
        won_order_ref=deal.won_order_ref or "",
    )


def _contact(order: Order) -> ContactOfOrder | None:
    contact = order.contact
    if contact is None:
        return None
    return ContactOfOrder(id=contact.pk, reference=contact.reference, created_at=contact.created_at)


def _earlier_payment(order: Order) -> EarlierPayment | None:
    earlier = order.double_of
    if earlier is None:
        return None
    return EarlierPayment(
        reference=earlier.reference,
        deal_id=earlier.deal_id,
        contact_id=earlier.contact_id,
        is_held=earlier.is_held,
    )


def checkout_row(checkout: CheckoutSession) -> CheckoutRow:
    """Read one checkout, whose offer must be there too (``select_related``)."""
    return CheckoutRow(
        id=checkout.pk,
        reference=checkout.reference,
        mode=checkout.mode,
        state=CheckoutState(checkout.state),
        state_words=checkout.state_words,
        origin=CheckoutOrigin(checkout.origin),
        offer=offer_row(checkout.offer) if checkout.offer else None,
        price=checkout.price,
        stripe_id=checkout.stripe_id or "",
        url=checkout.url,
        entry_page=checkout.entry_page,
        last_error=checkout.last_error,
        created_at=checkout.created_at,
        opened_at=checkout.opened_at,
        handed_off_at=checkout.handed_off_at,
        returned_at=checkout.returned_at,
        cancelled_at=checkout.cancelled_at,
        expired_at=checkout.expired_at,
        expires_at=checkout.expires_at,
        is_close_asked=checkout.close_asked_at is not None,
    )


def payment_link_row(link: PaymentLink) -> PaymentLinkRow:
    """Read one payment link, whose offer must be there too (``select_related``)."""
    return PaymentLinkRow(
        reference=link.reference,
        mode=link.mode,
        state=PaymentLinkState(link.state),
        state_words=link.state_words,
        offer=offer_row(link.offer),
        price=link.price,
        url=link.url,
        created_at=link.created_at,
    )
