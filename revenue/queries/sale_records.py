"""Everything revenue knows of one sale, for the trace. Words about people are left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db.models import (
    BigIntegerField,
    CharField,
    DateTimeField,
    Model,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast

from kernel.money import Money
from kernel.state_words import OperatorWords
from notices import queries as notices
from notices.enums import MAILS
from revenue.enums import EventState, Outcome, ReviewVerdict, Source
from revenue.enums.for_operators import OVER_REFUNDS, REFUND_REQUESTS, REFUNDS_ELSEWHERE
from revenue.enums.stripes_words import said_by_dispute, said_by_refund
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    Dispute,
    ExcessSettlement,
    Offer,
    Order,
    OrderReview,
    PaymentLink,
    Refund,
    RefundPaidElsewhere,
    RefundRequest,
    RevenueEvent,
    StripeWebhookEvent,
    WebhookAttempt,
)
from revenue.queries.order_rows import RevenueEventRow, revenue_event_row, with_event
from revenue.queries.rows import (
    CheckoutRow,
    OrderRow,
    PaymentLinkRow,
    checkout_row,
    order_row,
    payment_link_row,
    with_order_parts,
)

M = TypeVar("M", bound=Model)

ROWS_MAX: Final = 200  # of each kind; a sale with more is a flood, not a sale

# Where a reference may stand, by its prefix: the model and the columns to look in.
PLACES: Final[Mapping[str, tuple[tuple[type[Model], str], ...]]] = {
    "chk": ((CheckoutSession, "reference"),),
    "plk": ((PaymentLink, "reference"),),
    "ord": ((Order, "reference"),),
    "rev": ((RevenueEvent, "reference"),),
    "evt": ((StripeWebhookEvent, "stripe_id"),),
    "cs": ((CheckoutSession, "stripe_id"),),
    "plink": ((PaymentLink, "stripe_id"),),
    "pi": ((Order, "payment_intent_id"),),
    "ch": ((Order, "charge_id"),),
    "py": ((Order, "charge_id"),),
}
# Rows that have no trace of their own but an order.
PLACES_OF_ORDERS: Final[Mapping[str, tuple[type[Model], str]]] = {
    "rfq": (RefundRequest, "reference"),
    "re": (Refund, "stripe_id"),
    "pyr": (Refund, "stripe_id"),
    "dp": (Dispute, "stripe_id"),
    "du": (Dispute, "stripe_id"),
    "mail": (BuyerMail, "reference"),
}


def trace_of(reference: str) -> str:
    """Return the trace that a reference of the sale, ours or Stripe's, belongs to; "" if none."""
    prefix = reference.partition("_")[0]
    if prefix == "alr":
        subject = notices.subject_of(reference)
        return "" if subject.startswith("alr_") else trace_of(subject)
    if prefix in PLACES_OF_ORDERS:
        model, column = PLACES_OF_ORDERS[prefix]
        return _first(model, {column: reference}, "order__trace_ref")
    places = PLACES.get(prefix, ())
    return next(
        (ref for model, column in places if (ref := _first(model, {column: reference}))), ""
    )


# Where the order stands that a reference of Stripe's or of ours is about.
ORDERS_BY: Final[Mapping[str, tuple[type[Model], str, str]]] = {
    "ord": (Order, "reference", "reference"),
    "chk": (Order, "checkout__reference", "reference"),
    "cs": (Order, "checkout__stripe_id", "reference"),
    "pi": (Order, "payment_intent_id", "reference"),
    "ch": (Order, "charge_id", "reference"),
    "py": (Order, "charge_id", "reference"),
    "rev": (RevenueEvent, "reference", "order__reference"),
    **{
        prefix: (model, column, "order__reference")
        for prefix, (model, column) in PLACES_OF_ORDERS.items()
    },
}


def order_ref_of(reference: str) -> str:
    """Return the order that a reference of its checkout or its money is about; "" if none."""
    place = ORDERS_BY.get(reference.partition("_")[0])
    return _first(place[0], {place[1]: reference}, place[2]) if place else ""


def is_known(reference: str) -> bool:
    """Say whether an event of Stripe's, a mail or an offer of that reference is recorded."""
    places: Mapping[str, tuple[type[Model], str]] = {
        "evt": (StripeWebhookEvent, "stripe_id"),
        "mail": (BuyerMail, "reference"),
        "off": (Offer, "reference"),
    }
    place = places.get(reference.partition("_")[0])
    return bool(place and _first(place[0], {place[1]: reference}, "pk"))


def _first(model: type[Model], narrowed: Mapping[str, str], column: str = "trace_ref") -> str:
    rows = model._default_manager.filter(**narrowed).values_list(column, flat=True)
    return rows.first() or ""


_STATE_WORDS: Final[Mapping[str, Callable[[str], OperatorWords]]] = {
    "refund": said_by_refund,
    "refund request": REFUND_REQUESTS.__getitem__,
    "dispute": said_by_dispute,
    "mail": MAILS.__getitem__,
    "refund paid another way": REFUNDS_ELSEWHERE.__getitem__,
    "over-refund settled": OVER_REFUNDS.__getitem__,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterPayment:
    """A refund, a dispute, a mail, or what became of one: whatever may follow a payment."""

    what: str  # one of _STATE_WORDS
    reference: str
    order_id: int
    state: str
    detail: str  # a dispute's reason, a mail's kind, why Stripe refused
    amount: Money | None
    mode: str
    at: datetime

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return _STATE_WORDS[self.what](self.state)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleVerdict:
    """A person's verdict on an order of the sale; who and why stand on the order's page."""

    order_id: int
    verdict: ReviewVerdict
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleEvent:
    """An event of Stripe's about the sale."""

    id: int
    stripe_id: str
    type: str
    mode: str
    state: EventState
    state_words: OperatorWords
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleAttempt:
    """One attempt to act on an event of Stripe's."""

    event_id: int
    source: Source
    started_at: datetime
    duration_ms: int
    outcome: Outcome
    error_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleRows:
    """One sale's rows in revenue, each kind oldest first."""

    checkouts: Sequence[CheckoutRow]
    payment_links: Sequence[PaymentLinkRow]
    orders: Sequence[OrderRow]
    verdicts: Sequence[SaleVerdict]
    revenue_events: Sequence[RevenueEventRow]
    events: Sequence[SaleEvent]
    attempts: Sequence[SaleAttempt]
    after: Sequence[AfterPayment]


def sale_orders(*, trace_ref: str, deal_ids: Sequence[int]) -> list[OrderRow]:
    """Return the orders of a trace, and those that hang on its deals. One statement.

    A purchase may have joined a deal that was opened under another trace.
    """
    about = Q(trace_ref=trace_ref) | Q(deal_id__in=deal_ids)
    return [order_row(order) for order in _oldest(with_order_parts(Order.objects.filter(about)))]


def sale_rows(*, trace_refs: Sequence[str], orders: Sequence[OrderRow]) -> SaleRows:
    """Return everything revenue knows of the traces of one sale. At most 7 statements."""
    checkouts = CheckoutSession.objects.select_related("offer").defer("parameters")
    links = PaymentLink.objects.select_related("offer").defer("parameters")
    money = with_event(RevenueEvent.objects.all())
    of_sales = {"trace_ref__in": trace_refs}
    sale_checkouts = [checkout_row(checkout) for checkout in _oldest(checkouts.filter(**of_sales))]
    sale_money = [revenue_event_row(fact) for fact in _oldest(money.filter(**of_sales))]
    events = _events_about(trace_refs, sale_checkouts, orders, sale_money)
    return SaleRows(
        checkouts=sale_checkouts,
        payment_links=[payment_link_row(link) for link in _oldest(links.filter(**of_sales))],
        orders=orders,
        verdicts=_verdicts(orders) if orders else [],
        revenue_events=sale_money,
        events=events,
        attempts=_attempts(events) if events else [],
        after=_after(orders) if orders else [],
    )


def _oldest(rows: QuerySet[M]) -> QuerySet[M]:
    return rows.order_by("pk")[:ROWS_MAX]


def _verdicts(orders: Sequence[OrderRow]) -> list[SaleVerdict]:
    reviews = OrderReview.objects.filter(order__in=[order.id for order in orders])
    return [
        SaleVerdict(
            order_id=review.order_id,
            verdict=ReviewVerdict(review.verdict),
            decided_at=review.decided_at,
        )
        for review in _oldest(reviews)
    ]


def _events_about(
    trace_refs: Sequence[str],
    checkouts: Sequence[CheckoutRow],
    orders: Sequence[OrderRow],
    money: Sequence[RevenueEventRow],
) -> list[SaleEvent]:
    """Return Stripe's events of the sale, those included that nobody could act on yet."""
    objects = {checkout.stripe_id for checkout in checkouts}
    objects |= {order.payment_intent_id for order in orders}
    objects |= {order.charge_id for order in orders}
    objects |= {fact.stripe_object_id for fact in money}
    about = Q(trace_ref__in=trace_refs) | Q(object_id__in=[known for known in objects if known])
    return [
        SaleEvent(
            id=event.pk,
            stripe_id=event.stripe_id,
            type=event.type,
            mode=event.mode,
            state=EventState(event.state),
            state_words=event.state_words,
            received_at=event.received_at,
        )
        for event in _oldest(StripeWebhookEvent.objects.defer("body").filter(about))
    ]


def _attempts(events: Sequence[SaleEvent]) -> list[SaleAttempt]:
    attempts = WebhookAttempt.objects.filter(event__in=[event.id for event in events])
    return [
        SaleAttempt(
            event_id=attempt.event_id,
            source=Source(attempt.source),
            started_at=attempt.started_at,
            duration_ms=attempt.duration_ms,
            outcome=Outcome(attempt.outcome),
            error_class=attempt.error_class,
        )
        for attempt in _oldest(attempts)
    ]


def _after(orders: Sequence[OrderRow]) -> list[AfterPayment]:
    """Read six short tables in one statement."""
    of_orders = {"order__in": [order.id for order in orders]}
    refunds = _lines(
        Refund.objects.filter(**of_orders),
        what="refund",
        ref="stripe_id",
        state="status",
        detail=Value(""),
        at="created_at",
    )
    requests = _lines(
        RefundRequest.objects.filter(**of_orders),
        what="refund request",
        state="state",
        detail="last_error",
        at="requested_at",
    )
    disputes = _lines(
        Dispute.objects.filter(**of_orders),
        what="dispute",
        ref="stripe_id",
        state="status",
        detail="reason",
        at="opened_at",
    )
    mails = _lines(
        BuyerMail.objects.filter(**of_orders),
        what="mail",
        state="state",
        detail="kind",
        at="queued_at",
        currency="order__currency",
    )
    said_by_people = (
        _lines(rows.filter(**of_orders), what=what, state=state, detail=Value(""), at="recorded_at")
        for rows, what, state in (
            (RefundPaidElsewhere.objects.all(), "refund paid another way", "paid_by"),
            (ExcessSettlement.objects.all(), "over-refund settled", "settled_by"),
        )
    )
    others = (requests, disputes, mails, *said_by_people)
    rows = refunds.union(*others, all=True).order_by("moment", "ref")[:ROWS_MAX]
    return [
        AfterPayment(
            what=row["what"],
            reference=row["ref"],
            order_id=row["order_id"],
            state=row["row_state"],
            detail=row["detail"],
            amount=None if row["minor"] is None else Money(row["minor"], row["unit"]),
            mode=row["mode"],
            at=row["moment"],
        )
        for row in rows
    ]


def _lines(
    rows: QuerySet[Model],
    *,
    what: str,
    state: str,
    detail: str | Value,
    at: str,
    ref: str = "reference",
    currency: str = "currency",
) -> QuerySet[Model, dict[str, Any]]:
    """Return ``rows`` under the same names as every other short table, so that they may unite."""
    text = CharField()
    return rows.order_by().values(
        "order_id",
        "mode",
        what=Value(what, output_field=text),
        ref=Cast(ref, text),
        row_state=Cast(state, text),
        detail=Cast(detail, text),
        minor=Cast("amount_minor", BigIntegerField()),
        unit=Cast(currency, text),
        moment=Cast(at, DateTimeField()),
    )
