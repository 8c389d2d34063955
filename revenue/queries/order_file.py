"""One order, with all that hangs on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from django.db.models import Model, QuerySet

from kernel.money import Money
from revenue.enums import OrderState, RevenueKind, ReviewVerdict
from revenue.models import (
    BuyerMail,
    Dispute,
    ExcessSettlement,
    Order,
    OrderLink,
    OrderNote,
    OrderReview,
    Refund,
    RefundPaidElsewhere,
    RefundRequest,
    RevenueEvent,
)
from revenue.policy import REFUNDS_AT_STRIPE, REFUNDS_ELSEWHERE
from revenue.queries.order_rows import (
    DisputeRow,
    DoubleVerdictRow,
    ExcessSettlementRow,
    MailRow,
    NoteRow,
    OrderLinkRow,
    PaidElsewhereRow,
    RefundRequestRow,
    RefundRow,
    RevenueEventRow,
    ReviewRow,
    dispute_row,
    double_verdict_row,
    excess_settlement_row,
    mail_row,
    note_row,
    order_link_row,
    paid_elsewhere_row,
    refund_request_row,
    refund_row,
    revenue_event_row,
    review_row,
    with_event,
)
from revenue.queries.refundable import on_its_way, refundable_now, why_not_refundable
from revenue.queries.rows import CheckoutRow, OrderRow, checkout_row, order_row, with_order_parts
from revenue.queries.verdicts import may_be_anothers, why_not_reopened

RELATED_ROWS_MAX: Final = 50

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyOfOrder:
    """What an order's revenue events add up to, signed as the seller sees it.

    One sum per currency: Stripe may book a fee in the currency of the seller's bank.
    """

    received: Sequence[Money]
    refunded: Sequence[Money]
    disputed: Sequence[Money]
    fees: Sequence[Money]
    kept: Sequence[Money]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFile:
    """One order and all that hangs on it inside revenue; what is many, newest first."""

    order: OrderRow
    checkout: CheckoutRow
    payment_link_ref: str  # by which the buyer came; "" for none
    money: MoneyOfOrder
    reviews: Sequence[ReviewRow]  # oldest first
    double_verdict: DoubleVerdictRow | None
    revenue_events: Sequence[RevenueEventRow]  # oldest first
    refunds: Sequence[RefundRow]
    refund_requests: Sequence[RefundRequestRow]
    paid_elsewhere: Sequence[PaidElsewhereRow]
    excess_settlements: Sequence[ExcessSettlementRow]
    disputes: Sequence[DisputeRow]
    mails: Sequence[MailRow]
    links: Sequence[OrderLinkRow]
    notes: Sequence[NoteRow]
    doubles: Sequence[OrderRow]
    refundable: Money
    not_refundable_because: str
    may_be_reopened: bool  # the verdict that stands can be taken back
    may_be_anothers: bool  # a person may decide that the payment is not ours

    @property
    def newest_review(self) -> ReviewRow | None:
        """Return the last word on the order, be it that it is open again."""
        return self.reviews[-1] if self.reviews else None

    @property
    def review(self) -> ReviewRow | None:
        """Return the verdict that stands; None while the order is open, or open again."""
        newest = self.newest_review
        return None if newest is None or newest.is_reopening else newest

    @property
    def is_reopened(self) -> bool:
        """Say whether a person took the last verdict back."""
        return bool(self.reviews) and self.review is None

    @property
    def needs_verdict(self) -> bool:
        """Say whether a person still has to decide about this order."""
        return self.order.state == OrderState.NEEDS_REVIEW and self.review is None

    @property
    def open_disputes(self) -> list[DisputeRow]:
        """Return the disputes that nobody has decided yet."""
        return [dispute for dispute in self.disputes if not dispute.is_closed]

    @property
    def lost_disputes(self) -> list[DisputeRow]:
        """Return the disputes in which the bank gave the money back to the buyer."""
        return [dispute for dispute in self.disputes if dispute.is_lost]

    @property
    def is_dispute_lost(self) -> bool:
        """Say whether banks gave money back to the buyer that is not refunded by us."""
        is_taken = self.order.is_given_back and self.order.disputed.amount_minor > 0
        return is_taken and not self.has_open_dispute

    @property
    def has_open_dispute(self) -> bool:
        """Say whether a bank still decides about money of it."""
        return bool(self.open_disputes)

    @property
    def is_double_given_back(self) -> bool:
        """Say whether a second payment was made, and all of its money went back."""
        is_gone = self.order.is_given_back and not self.has_open_dispute
        return self.order.double_of is not None and is_gone

    @property
    def is_refund_decided(self) -> bool:
        """Say whether a person decided that the money goes back, and it has not all gone yet."""
        is_verdict = self.review is not None and self.review.verdict == ReviewVerdict.REFUND
        return is_verdict and self.order.state == OrderState.NEEDS_REVIEW

    @property
    def has_open_links(self) -> bool:
        """Say whether anybody may still open the buyer's page of this order."""
        return any(link.revoked_at is None for link in self.links)

    @property
    def untold_requests(self) -> list[RefundRequestRow]:
        """Return the refunds that were asked for and of which Stripe has told nothing yet."""
        stripe_ids = {refund.stripe_id for refund in self.refunds}
        return [request for request in self.refund_requests if request.stripe_id not in stripe_ids]

    @property
    def open_requests(self) -> list[RefundRequestRow]:
        """Return the refunds that were asked for and are not settled."""
        return [request for request in self.refund_requests if request.is_open]


def order_file(reference: str) -> OrderFile | None:
    """Return one order with all that hangs on it, or None. At most 16 statements."""
    orders = with_order_parts(Order.objects.filter(reference=reference))
    orders = orders.select_related("checkout__payment_link", "checkout__offer")
    order = orders.select_related("double_verdict__decided_by").first()
    return None if order is None else _file_of(order)


def _file_of(order: Order) -> OrderFile:
    facts = with_event(RevenueEvent.objects.filter(order=order)).order_by("pk")
    revenue_events = [revenue_event_row(fact) for fact in facts]
    reviews = _reviews(order) if order.review_reason else []
    double_verdict = getattr(order, "double_verdict", None)
    requests = RefundRequest.objects.filter(order=order).select_related("requested_by")
    notes = OrderNote.objects.filter(order=order).select_related("written_by")
    links = OrderLink.objects.filter(checkout=order.checkout_id)
    doubles = with_order_parts(Order.objects.filter(double_of=order))
    paid_elsewhere = _paid_elsewhere(order)
    going_back_minor = on_its_way(order)
    refundable = refundable_now(order, going_back_minor=going_back_minor)
    newest = reviews[-1] if reviews else None
    return OrderFile(
        order=order_row(order),
        checkout=checkout_row(order.checkout),
        payment_link_ref=order.checkout.payment_link.reference
        if order.checkout.payment_link
        else "",
        money=_money(revenue_events),
        reviews=[review_row(review) for review in reviews],
        double_verdict=double_verdict_row(double_verdict) if double_verdict else None,
        revenue_events=revenue_events,
        refunds=[refund_row(one) for one in _newest(Refund.objects.filter(order=order))],
        refund_requests=[refund_request_row(asked) for asked in _newest(requests)],
        paid_elsewhere=paid_elsewhere,
        excess_settlements=_excess_settlements(order) if paid_elsewhere else [],
        disputes=[dispute_row(one) for one in _newest(Dispute.objects.filter(order=order))],
        mails=[
            mail_row(mail, currency=order.currency)
            for mail in _newest(BuyerMail.objects.filter(order=order))
        ],
        links=[order_link_row(link) for link in _newest(links)],
        notes=[note_row(note) for note in _newest(notes)],
        doubles=[order_row(double) for double in _newest(doubles)],
        refundable=refundable,
        not_refundable_because=why_not_refundable(order, refundable=refundable),
        may_be_reopened=newest is not None
        and not why_not_reopened(order, newest, going_back_minor=going_back_minor),
        may_be_anothers=may_be_anothers(order),
    )


def _reviews(order: Order) -> list[OrderReview]:
    reviews = OrderReview.objects.filter(order=order).select_related("decided_by")
    return list(reviews.order_by("pk"))


def _paid_elsewhere(order: Order) -> list[PaidElsewhereRow]:
    """Return what was refunded another way; no statement where nothing was refunded."""
    if not order.refunded_minor:
        return []
    paid = RefundPaidElsewhere.objects.filter(order=order).select_related("recorded_by")
    return [paid_elsewhere_row(one) for one in _newest(paid)]


def _excess_settlements(order: Order) -> list[ExcessSettlementRow]:
    settled = ExcessSettlement.objects.filter(order=order).select_related("recorded_by")
    return [excess_settlement_row(one) for one in _newest(settled)]


def _newest(rows: QuerySet[M]) -> QuerySet[M]:
    return rows.order_by("-pk")[:RELATED_ROWS_MAX]


def _money(facts: Sequence[RevenueEventRow]) -> MoneyOfOrder:
    return MoneyOfOrder(
        received=_sums(facts, RevenueKind.PAYMENT),
        refunded=_sums(facts, *REFUNDS_AT_STRIPE, *REFUNDS_ELSEWHERE),
        disputed=_sums(facts, RevenueKind.DISPUTE, RevenueKind.DISPUTE_REVERSAL),
        fees=_sums(facts, RevenueKind.FEE),
        kept=_sums(facts, *RevenueKind),
    )


def _sums(facts: Sequence[RevenueEventRow], *kinds: RevenueKind) -> list[Money]:
    totals: Counter[str] = Counter()
    for fact in facts:
        if fact.kind in kinds:
            totals[fact.amount.currency] += fact.amount.amount_minor
    return [Money(minor, currency) for currency, minor in sorted(totals.items())]
