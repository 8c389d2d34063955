"""Booking the fees of a window of balance transactions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from revenue.enums import Outcome, Source
from revenue.operations.fact_recording import record
from revenue.operations.fees import fee_key
from revenue.operations.recording_context import CauseMissing, RecordingContext
from revenue.ports import BalanceLine
from revenue.queries.books import booked_keys

DISPUTES = frozenset({"dispute", "dispute_reversal"})


def book_fees(lines: Sequence[BalanceLine], *, now: datetime) -> int:
    """Book each fee under its order, once; return how many were new. No network.

    A fee of a payment that we do not know is left: the tie-out names it. A dispute's fee is
    booked with the dispute.
    """
    with_fee = [line for line in lines if line.fee.amount_minor and line.category not in DISPUTES]
    known = booked_keys(fee_key(line.transaction_id) for line in with_fee)
    return sum(
        _book(line, now=now) for line in with_fee if fee_key(line.transaction_id) not in known
    )


def _book(line: BalanceLine, *, now: datetime) -> bool:
    context = RecordingContext(
        mode=settings.DEPLOYMENT_MODE,
        source=Source.RECONCILE,
        now=now,
        occurred_at=line.occurred_at,
    )
    try:
        with transaction.atomic(durable=True):
            return record(context, line) == Outcome.RECORDED
    except CauseMissing:
        return False
