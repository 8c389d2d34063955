"""Our books, as they are compared with Stripe's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.db.models import QuerySet

from kernel.money import Money
from revenue.enums import CheckoutState, OrderState, RevenueKind
from revenue.models import CheckoutSession, Order, Refund, RevenueEvent

ASKED_AT_ONCE: Final = 1000
# A person may have to decide about an order whose bank has not answered yet.
MAY_BE_AT_THE_BANK: Final = (OrderState.AWAITING_PAYMENT, OrderState.NEEDS_REVIEW)

PAYMENTS, REFUNDS, DISPUTES, FEES = "payments", "refunds", "disputes", "fees"
# What was paid another way than by Stripe stands in none of them.
BOOK_OF: Final = MappingProxyType(
    {
        RevenueKind.PAYMENT: PAYMENTS,
        RevenueKind.REFUND: REFUNDS,
        RevenueKind.REFUND_REVERSAL: REFUNDS,
        RevenueKind.DISPUTE: DISPUTES,
        RevenueKind.DISPUTE_REVERSAL: DISPUTES,
        RevenueKind.FEE: FEES,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One movement of money in one set of books, ours or Stripe's.

    ``object_id`` is Stripe's id that both sides know it by; ``reference`` is the row that says so.
    """

    book: str
    object_id: str
    money: Money
    at: datetime
    reference: str


def booked_since(since: datetime, *, mode: str) -> list[Movement]:
    """Return every movement that our books hold since then. One statement."""
    return _movements(RevenueEvent.objects.filter(mode=mode, occurred_at__gte=since))


def booked_of(object_ids: Iterable[str], *, mode: str) -> list[Movement]:
    """Return every movement that our books hold of these objects, whenever it was."""
    booked: list[Movement] = []
    for ids in _slices(sorted(object_ids)):
        booked += _movements(RevenueEvent.objects.filter(mode=mode, stripe_object_id__in=ids))
    return booked


def _movements(rows: QuerySet[RevenueEvent]) -> list[Movement]:
    return [
        Movement(
            book=BOOK_OF[RevenueKind(row.kind)],
            object_id=row.stripe_object_id,
            money=row.amount,
            at=row.occurred_at,
            reference=row.reference,
        )
        for row in rows.filter(kind__in=BOOK_OF).order_by("id").iterator(chunk_size=2000)
    ]


def booked_keys(fact_keys: Iterable[str]) -> set[str]:
    """Return which of the provider facts are in the books."""
    known: set[str] = set()
    for keys in _slices(list(fact_keys)):
        booked = RevenueEvent.objects.filter(fact_key__in=keys)
        known.update(booked.values_list("fact_key", flat=True))
    return known


def orders_of_objects(object_ids: Sequence[str], *, mode: str) -> dict[str, str]:
    """Return the reference of the order that each payment, refund or transaction belongs to."""
    found: dict[str, str] = {}
    for ids in _slices(object_ids):
        payments = Order.objects.filter(mode=mode, payment_intent_id__in=ids)
        found.update(payments.values_list("payment_intent_id", "reference"))
        booked = RevenueEvent.objects.filter(mode=mode, stripe_object_id__in=ids)
        found.update(booked.values_list("stripe_object_id", "order__reference"))
    return found


def under_way(object_ids: Sequence[str], *, mode: str) -> set[str]:
    """Return the payments a bank still processes and the refunds that are not final.

    Stripe moves the balance when they begin; we book them when they are certain.
    """
    waiting: set[str] = set()
    for ids in _slices(object_ids):
        orders = Order.objects.filter(
            mode=mode,
            payment_intent_id__in=ids,
            state__in=MAY_BE_AT_THE_BANK,
            paid_at=None,
            payment_failed_at=None,
        )
        waiting.update(orders.values_list("payment_intent_id", flat=True))
        refunds = Refund.objects.filter(mode=mode, stripe_id__in=ids)
        unsure = refunds.filter(status__in=["pending", "requires_action"])
        waiting.update(unsure.values_list("stripe_id", flat=True))
    return waiting


def unsettled_sessions(*, before: datetime, mode: str, limit: int) -> list[str]:
    """Return the Stripe ids of sessions older than ``before`` that may have moved on unheard.

    Open ones, and complete ones whose bank still processes the payment; newest first.
    """
    sessions = CheckoutSession.objects.filter(
        mode=mode, created_at__lt=before, stripe_id__isnull=False
    )
    still_open = sessions.filter(state=CheckoutState.OPEN)
    at_the_bank = sessions.filter(
        state=CheckoutState.COMPLETE,
        order__state__in=MAY_BE_AT_THE_BANK,
        order__paid_at=None,
        order__payment_failed_at=None,
    )
    found: list[str] = []
    for rows in (at_the_bank, still_open):
        ids = rows.order_by("-id").values_list("stripe_id", flat=True)[: limit - len(found)]
        found += [stripe_id for stripe_id in ids if stripe_id]
    return found


def _slices(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), ASKED_AT_ONCE):
        yield items[start : start + ASKED_AT_ONCE]
