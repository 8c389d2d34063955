"""Money into the books: one revenue event and one balanced ledger entry per provider fact."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from kernel.money import Money
from kernel.references import new_reference
from ledger import operations as ledger
from ledger.enums import EntryKind
from revenue.enums import RevenueKind
from revenue.models import Order, RevenueEvent
from revenue.operations.recording_context import RecordingContext
from revenue.policy import COUNTER_ACCOUNTS, STRIPE


def is_booked(*, fact_key: str) -> bool:
    """Say whether the provider fact ``fact_key`` is in the books."""
    return RevenueEvent.objects.filter(fact_key=fact_key).exists()


def book(
    context: RecordingContext,
    *,
    order: Order,
    kind: RevenueKind,
    amount: Money,
    fact_key: str,
    stripe_object_id: str,
    occurred_at: datetime,
    account: str = STRIPE,
    exchange_rate: Decimal | None = None,
) -> RevenueEvent:
    """Write the revenue event and its ledger entry for a fact that is not booked yet.

    ``amount`` is signed as the seller sees it; ``account`` is where it lies. The caller holds the
    lock on the order's checkout and has asked ``is_booked``; the unique ``fact_key`` stops whoever
    did not. What is written here is held to the event, column by column, by
    ``revenue.ledger_rows``.
    """
    booked = RevenueEvent.objects.create(
        reference=new_reference("rev"),
        mode=order.mode,
        order=order,
        kind=kind,
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        fact_key=fact_key,
        stripe_object_id=stripe_object_id,
        event_id=context.event_id,
        source=context.source,
        trace_ref=order.trace_ref,
        occurred_at=occurred_at,
        recorded_at=context.now,
        exchange_rate=exchange_rate,
    )
    ledger.record(
        key=f"revenue:{fact_key}",
        kind=EntryKind.REVENUE,
        event=f"{kind}_booked",
        subject=order.reference,
        refs=[booked.reference, stripe_object_id],
        facts={"amount_minor": amount.amount_minor, "currency": amount.currency},
        mode=order.mode,
        trace_ref=order.trace_ref,
        occurred_at=occurred_at,
        now=context.now,
        postings=(
            {account: amount, COUNTER_ACCOUNTS[kind]: -amount} if amount.amount_minor else None
        ),
    )
    context.changed(f"{kind} of {amount} booked")
    return booked
