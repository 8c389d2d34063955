"""Orders for people: the list, one order with all that hangs on it, those that need a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from kernel.modes import Mode
from kernel.money import Money
from kernel.paging import Cursor, Page, page_of
from revenue.enums import OrderState, RevenueKind, ReviewVerdict
from revenue.models import (
    BuyerMail,
    Dispute,
    DoubleVerdict,
    ExcessSettlement,
    Offer,
    Order,
    OrderLink,
    OrderNote,
    OrderReview,
    Refund,
    RefundPaidElsewhere,
    RefundRequest,
    RevenueEvent,
)
from revenue.policy import (
    DISPUTE_LOST,
    DISPUTES_CLOSED,
    REFUNDS_AT_STRIPE,
    REFUNDS_ELSEWHERE,
)
from revenue.queries.doubles import possible_doubles
from revenue.queries.refundable import (
    OPEN_STATES,
    UNDER_WAY_AT_STRIPE,
    refundable_now,
    why_not_refundable,
)
from revenue.queries.verdicts import may_be_anothers, why_not_reopened

NoSuchOrder = Order.DoesNotExist
ROWS_PER_PAGE: Final = 50
RELATED_ROWS_MAX: Final = 50
OFFERS_LISTED_MAX: Final = 100


def orders_page(
    *,
    cursor: Cursor,
    state: str = "",
    mode: str = "",
    offer_id: int | None = None,
    is_possible_double: bool = False,
) -> Page[Order]:
    """Return one page of orders, newest first; "", None and False mean any. One statement."""
    narrowed: dict[str, Any] = {}
    if state:
        narrowed["state"] = state
    if mode:
        narrowed["mode"] = mode
    if offer_id is not None:
        narrowed["offer_id"] = offer_id
    orders = possible_doubles() if is_possible_double else Order.objects.all()
    orders = orders.select_related("offer", "double_of", "double_verdict").filter(**narrowed)
    return page_of(orders, cursor=cursor, limit=ROWS_PER_PAGE)


def orders_to_review(*, cursor: Cursor) -> Page[Order]:
    """Return one page of the orders that a person has to look at, newest first. One statement."""
    waiting = Order.objects.filter(state=OrderState.NEEDS_REVIEW, mode__in=Mode.values)
    reviews = OrderReview.objects.filter(order=OuterRef("pk")).order_by("-pk")
    open_requests = RefundRequest.objects.filter(order=OuterRef("pk"), state__in=OPEN_STATES)
    begun = Refund.objects.filter(order=OuterRef("pk"), status__in=UNDER_WAY_AT_STRIPE)
    waiting = waiting.annotate(
        verdict=Subquery(reviews.values("verdict")[:1]),
        is_refund_under_way=Exists(open_requests) | Exists(begun),
    )
    return page_of(waiting.select_related("offer", "checkout"), cursor=cursor, limit=ROWS_PER_PAGE)


def orders_of_buyer(*, email: str, contact_id: int | None, limit: int) -> list[Order]:
    """Return the newest orders of a contact, and those that name ``email``. One statement.

    An order that a person has to decide about has no contact yet.
    """
    is_it = Q(buyer_email__in={email, email.lower()})
    if contact_id is not None:
        is_it |= Q(contact_id=contact_id)
    return list(Order.objects.select_related("offer").filter(is_it).order_by("-pk")[:limit])


def offers_ever_sold() -> list[Offer]:
    """Return the newest offer versions, drafts left out, for a filter. One statement."""
    sold = Offer.objects.filter(published_at__isnull=False)
    return list(sold.order_by("title", "-version")[:OFFERS_LISTED_MAX])


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
    """One order and all that hangs on it inside revenue."""

    order: Order
    money: MoneyOfOrder
    reviews: Sequence[OrderReview]  # oldest first
    double_verdict: DoubleVerdict | None
    revenue_events: Sequence[RevenueEvent]
    refunds: Sequence[Refund]
    refund_requests: Sequence[RefundRequest]
    paid_elsewhere: Sequence[RefundPaidElsewhere]
    excess_settlements: Sequence[ExcessSettlement]
    disputes: Sequence[Dispute]
    mails: Sequence[BuyerMail]
    links: Sequence[OrderLink]
    notes: Sequence[OrderNote]
    doubles: Sequence[Order]
    refundable: Money
    not_refundable_because: str

    @property
    def review(self) -> OrderReview | None:
        """Return the verdict that stands; None while the order is open, or open again."""
        newest = self.reviews[-1] if self.reviews else None
        is_open = newest is None or newest.verdict == ReviewVerdict.REOPENED
        return None if is_open else newest

    @property
    def is_reopened(self) -> bool:
        """Say whether a person took the last verdict back."""
        return bool(self.reviews) and self.review is None

    @property
    def may_be_reopened(self) -> bool:
        """Say whether the verdict that stands can be taken back."""
        newest = self.reviews[-1] if self.reviews else None
        return newest is not None and not why_not_reopened(self.order, newest)

    @property
    def may_be_anothers(self) -> bool:
        """Say whether a person may decide that the payment is not ours."""
        return may_be_anothers(self.order)

    @property
    def needs_verdict(self) -> bool:
        """Say whether a person still has to decide about this order."""
        return self.order.state == OrderState.NEEDS_REVIEW and self.review is None

    @property
    def open_disputes(self) -> list[Dispute]:
        """Return the disputes that nobody has decided yet."""
        return [dispute for dispute in self.disputes if dispute.status not in DISPUTES_CLOSED]

    @property
    def lost_disputes(self) -> list[Dispute]:
        """Return the disputes in which the bank gave the money back to the buyer."""
        return [dispute for dispute in self.disputes if dispute.status == DISPUTE_LOST]

    @property
    def is_dispute_lost(self) -> bool:
        """Say whether banks gave money back to the buyer that is not refunded by us."""
        is_taken = self.order.is_given_back and self.order.disputed_minor > 0
        return is_taken and not self.has_open_dispute

    @property
    def has_open_dispute(self) -> bool:
        """Say whether a bank still decides about money of it."""
        return bool(self.open_disputes)

    @property
    def is_double_given_back(self) -> bool:
        """Say whether a second payment was made, and all of its money went back."""
        is_gone = self.order.is_given_back and not self.has_open_dispute
        return self.order.double_of_id is not None and is_gone

    @property
    def is_refund_decided(self) -> bool:
        """Say whether a person decided that the money goes back, and it has not all gone yet."""
        is_verdict = self.review is not None and self.review.verdict == ReviewVerdict.REFUND
        return is_verdict and self.order.state == OrderState.NEEDS_REVIEW

    @property
    def asked(self) -> Money | None:
        """What our checkout asked for; None where no checkout of ours explains the payment."""
        return self.order.checkout.price

    @property
    def has_open_links(self) -> bool:
        """Say whether anybody may still open the buyer's page of this order."""
        return any(link.revoked_at is None for link in self.links)

    @property
    def untold_requests(self) -> list[RefundRequest]:
        """Return the refunds that were asked for and of which Stripe has told nothing yet."""
        stripe_ids = {refund.stripe_id for refund in self.refunds}
        return [request for request in self.refund_requests if request.stripe_id not in stripe_ids]

    @property
    def open_requests(self) -> list[RefundRequest]:
        """Return the refunds that were asked for and are not settled."""
        return [request for request in self.refund_requests if request.state in OPEN_STATES]


def order_file(reference: str) -> OrderFile | None:
    """Return one order with all that hangs on it, or None. At most 16 statements."""
    orders = Order.objects.select_related(
        "offer",
        "checkout__payment_link",
        "double_verdict__decided_by",
        "double_of",
        "deal",
        "contact",
    )
    order = orders.filter(reference=reference).first()
    if order is None:
        return None
    events = list(RevenueEvent.objects.filter(order=order).select_related("event").order_by("pk"))
    return OrderFile(
        order=order,
        money=_money(events),
        reviews=_reviews(order) if order.review_reason else [],
        double_verdict=getattr(order, "double_verdict", None),
        revenue_events=events,
        refunds=_newest(Refund.objects.filter(order=order)),
        refund_requests=_newest(
            RefundRequest.objects.filter(order=order).select_related("requested_by")
        ),
        paid_elsewhere=(paid := _recorded(RefundPaidElsewhere, order, order.refunded_minor)),
        excess_settlements=_recorded(ExcessSettlement, order, len(paid)),
        disputes=_newest(Dispute.objects.filter(order=order)),
        mails=_newest(BuyerMail.objects.filter(order=order)),
        links=_newest(OrderLink.objects.filter(checkout=order.checkout_id)),
        notes=_newest(OrderNote.objects.filter(order=order).select_related("written_by")),
        doubles=_newest(Order.objects.filter(double_of=order)),
        refundable=(refundable := refundable_now(order)),
        not_refundable_because=why_not_refundable(order, refundable=refundable),
    )


def _reviews(order: Order) -> list[OrderReview]:
    reviews = OrderReview.objects.filter(order=order).select_related("decided_by")
    return list(reviews.order_by("pk"))


def _recorded(model: Any, order: Order, is_possible: int) -> list[Any]:
    """Return what people recorded of the order's money; no statement where there can be none."""
    if not is_possible:
        return []
    return _newest(model.objects.filter(order=order).select_related("recorded_by"))


def _newest(rows: QuerySet[Any]) -> list[Any]:
    return list(rows.order_by("-pk")[:RELATED_ROWS_MAX])


def _money(events: Sequence[RevenueEvent]) -> MoneyOfOrder:
    return MoneyOfOrder(
        received=_sums(events, RevenueKind.PAYMENT),
        refunded=_sums(events, *REFUNDS_AT_STRIPE, *REFUNDS_ELSEWHERE),
        disputed=_sums(events, RevenueKind.DISPUTE, RevenueKind.DISPUTE_REVERSAL),
        fees=_sums(events, RevenueKind.FEE),
        kept=_sums(events, *RevenueKind),
    )


def _sums(events: Sequence[RevenueEvent], *kinds: RevenueKind) -> list[Money]:
    totals: Counter[str] = Counter()
    for event in events:
        if event.kind in kinds:
            totals[event.currency] += event.amount_minor
    return [Money(minor, currency) for currency, minor in sorted(totals.items())]
