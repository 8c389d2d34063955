"""Everything revenue knows of one sale, for the trace. Words about people are left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

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
from notices.enums import MAILS
from revenue.enums.for_operators import REFUND_REQUESTS
from revenue.enums.stripes_words import said_by_dispute, said_by_refund
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    Dispute,
    Offer,
    OperatorAlert,
    Order,
    PaymentLink,
    Refund,
    RefundRequest,
    RevenueEvent,
    StripeWebhookEvent,
    WebhookAttempt,
)

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
        alert = OperatorAlert.objects.filter(reference=reference).values_list("subject", flat=True)
        subject = alert.first() or ""
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


def _first(model: type[Model], narrowed: dict[str, Any], column: str = "trace_ref") -> str:
    rows = model._default_manager.filter(**narrowed).values_list(column, flat=True)
    return rows.first() or ""


_STATE_WORDS: Final[Mapping[str, Callable[[str], OperatorWords]]] = {
    "refund": said_by_refund,
    "refund request": REFUND_REQUESTS.__getitem__,
    "dispute": said_by_dispute,
    "mail": MAILS.__getitem__,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterPayment:
    """A refund, a request for one, a dispute or a mail: what may follow a payment."""

    what: str  # refund | refund request | dispute | mail
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
class SaleRows:
    """One sale's rows in revenue, each kind oldest first."""

    checkouts: Sequence[CheckoutSession]
    payment_links: Sequence[PaymentLink]
    orders: Sequence[Order]
    revenue_events: Sequence[RevenueEvent]
    events: Sequence[StripeWebhookEvent]
    attempts: Sequence[WebhookAttempt]
    after: Sequence[AfterPayment]


def sale_orders(*, trace_ref: str, deal_ids: Sequence[int]) -> list[Order]:
    """Return the orders of a trace, and those that hang on its deals. At most two statements.

    A purchase may have joined a deal that was opened under another trace.
    """
    orders = Order.objects.select_related(
        "double_of", "double_verdict", "checkout", "deal", "contact"
    ).prefetch_related("reviews")
    about = Q(trace_ref=trace_ref) | Q(deal_id__in=deal_ids)
    return _oldest(orders.defer("checkout__parameters", "checkout__url").filter(about))


def sale_rows(*, trace_refs: Sequence[str], orders: Sequence[Order]) -> SaleRows:
    """Return everything revenue knows of the traces of one sale. At most 6 statements."""
    checkouts = CheckoutSession.objects.select_related("offer").defer("parameters", "url")
    links = PaymentLink.objects.select_related("offer").defer("parameters", "url")
    of_sales = {"trace_ref__in": trace_refs}
    sale_checkouts = _oldest(checkouts.filter(**of_sales))
    money = _oldest(RevenueEvent.objects.filter(**of_sales))
    events = _events_about(trace_refs, sale_checkouts, orders, money)
    return SaleRows(
        checkouts=sale_checkouts,
        payment_links=_oldest(links.filter(**of_sales)),
        orders=orders,
        revenue_events=money,
        events=events,
        attempts=_oldest(WebhookAttempt.objects.filter(event__in=events)) if events else [],
        after=_after(orders) if orders else [],
    )


def _oldest(rows: QuerySet[Any]) -> list[Any]:
    return list(rows.order_by("pk")[:ROWS_MAX])


def _events_about(
    trace_refs: Sequence[str],
    checkouts: Sequence[CheckoutSession],
    orders: Sequence[Order],
    money: Sequence[RevenueEvent],
) -> list[StripeWebhookEvent]:
    """Return Stripe's events of the sale, those included that nobody could act on yet."""
    objects = {checkout.stripe_id for checkout in checkouts}
    objects |= {order.payment_intent_id for order in orders}
    objects |= {order.charge_id for order in orders}
    objects |= {fact.stripe_object_id for fact in money}
    about = Q(trace_ref__in=trace_refs) | Q(object_id__in=[known for known in objects if known])
    events = StripeWebhookEvent.objects.defer("body").filter(about)
    return list(events.order_by("pk")[:ROWS_MAX])


def _after(orders: Sequence[Order]) -> list[AfterPayment]:
    """Read four short tables in one statement."""
    of_orders = {"order__in": [order.pk for order in orders]}
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
        ref="reference",
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
        ref="reference",
        state="state",
        detail="kind",
        at="queued_at",
        currency="order__currency",
    )
    rows = refunds.union(requests, disputes, mails, all=True).order_by("moment", "ref")[:ROWS_MAX]
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
    rows: QuerySet[Any],
    *,
    what: str,
    ref: str,
    state: str,
    detail: str | Value,
    at: str,
    currency: str = "currency",
) -> QuerySet[Any, dict[str, Any]]:
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
