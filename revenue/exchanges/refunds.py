"""Refunds at Stripe: the call that asks for one, and what became of those nobody heard of."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from kernel.exchanges import NEVER_MADE, Clock, look_after_due
from kernel.modes import Mode
from kernel.retries import next_attempt
from kernel.transitions import LostRace
from revenue.enums import RefundState, Source
from revenue.exchanges.event_plan import refund_after_failures
from revenue.models import RefundRequest
from revenue.operations.fact_recording import record
from revenue.operations.recording_context import RecordingContext, Unrecordable
from revenue.operations.refund_requests import (
    parameters_of,
    settle,
    settle_accepted,
    settle_refused,
    settle_unknown,
)
from revenue.policy import REFUNDS_UNDONE
from revenue.ports import (
    GatewayError,
    GatewayRefused,
    GatewayUnreadable,
    PaymentGateway,
    RefundFact,
)
from revenue.queries.refundable import OPEN_STATES
from revenue.retries import CALL_RETRIES, KEY_KEPT

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=2)
PENDING_RECHECK: Final = timedelta(hours=6)  # a bank takes days


def refund_at_stripe(
    request: RefundRequest, *, gateway: PaymentGateway, now: datetime
) -> RefundRequest:
    """Make the call that the row describes, and keep the answer. Safe to repeat for 24 hours."""
    try:
        answer: RefundFact | GatewayError = gateway.refund(
            key=request.reference, parameters=parameters_of(request)
        )
    except GatewayError as error:
        answer = error
    try:
        with transaction.atomic(durable=True):
            settle(request, answer, now=now)
    except LostRace:  # an event was faster, or a sweep that claimed the row
        request.refresh_from_db()
    return request


def sweep_refunds(*, gateway: PaymentGateway, clock: Clock, limit: int = 50) -> int:
    """Look after every refund request that is due. Returns how many were looked after."""
    due = RefundRequest.objects.filter(
        state__in=OPEN_STATES, next_check_at__lte=clock(), mode=settings.DEPLOYMENT_MODE
    ).select_related("order")

    def look_after(request: RefundRequest) -> None:
        try:
            _look_after(request, gateway=gateway, now=clock())
        except LostRace:  # by an event, or by another worker
            logger.info("refund looked after by another", extra={"refund": request.reference})

    ordered = due.order_by("next_check_at")[:limit]
    return look_after_due(ordered, look_after=look_after, clock=clock, lease=LEASE)


def _look_after(request: RefundRequest, *, gateway: PaymentGateway, now: datetime) -> None:
    try:
        if request.state == RefundState.UNKNOWN:
            _resolve(request, gateway=gateway, now=now)
        else:
            _follow(request, gateway=gateway, now=now)
    except GatewayError as error:
        _put_off(request, error, now=now)
    except Unrecordable as problem:
        _put_off(request, GatewayUnreadable(str(problem)), now=now)


def _resolve(request: RefundRequest, *, gateway: PaymentGateway, now: datetime) -> None:
    """Look for the refund at Stripe; only where there is none repeat the same POST.

    Looking comes first always: after a 5xx the refund may exist although the answer said no.
    When Stripe has forgotten the key and knows no such refund, it never happened.
    """
    made = _find(request, gateway=gateway)
    if made is not None:
        settle_accepted(request, made, now=now)
    elif now - request.requested_at < KEY_KEPT:
        refund_at_stripe(request, gateway=gateway, now=now)
    else:
        with transaction.atomic(durable=True):
            settle_refused(request, GatewayRefused(NEVER_MADE), now=now)


def _find(request: RefundRequest, *, gateway: PaymentGateway) -> RefundFact | None:
    refunds = gateway.refunds_of_payment(request.order.payment_intent_id)
    return next((fact for fact in refunds if fact.request_ref == request.reference), None)


def _follow(request: RefundRequest, *, gateway: PaymentGateway, now: datetime) -> None:
    """No event came for an hour: read Stripe's own record, and record what it says."""
    fact = gateway.read_refund(request.stripe_id or "")
    occurred_at = now if fact.status in REFUNDS_UNDONE else fact.created_at
    context = RecordingContext(
        mode=Mode(request.mode), source=Source.SWEEP, now=now, occurred_at=occurred_at
    )
    facts = refund_after_failures(fact, gateway=gateway, mode=Mode(request.mode))
    with transaction.atomic(durable=True):
        for each in facts:
            record(context, each)
        request.refresh_from_db(fields=["state"])
        is_open = request.state in OPEN_STATES
        request.write_fenced(next_check_at=now + PENDING_RECHECK if is_open else None)


def _put_off(request: RefundRequest, error: GatewayError, *, now: datetime) -> None:
    """Stripe could not be asked; ask again later. What is unknown stays unknown."""
    if request.state == RefundState.UNKNOWN:
        settle_unknown(request, error, now=now)
        return
    attempts = next_attempt(request.attempts)
    request.write_unmoved(
        attempts=attempts,
        last_error=error.code,
        next_check_at=now + CALL_RETRIES.after(attempts),
    )
