"""What Stripe knows and we do not: fetched, and recorded like any other context."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from kernel.exchanges import Clock
from kernel.leases import claim_due
from kernel.transitions import LostRace
from revenue.enums import EventState, Outcome, Source
from revenue.exchanges.cards import notice_cards
from revenue.exchanges.event_plan import refund_after_failures
from revenue.exchanges.events import LEASE, process_claimed
from revenue.models import StripeWebhookEvent
from revenue.operations.event_filing import Delivery, file_event, take_listed
from revenue.operations.fact_recording import record
from revenue.operations.recording_context import CauseMissing, RecordingContext, Unrecordable
from revenue.policy import mode_of
from revenue.ports import (
    BalanceLine,
    Fact,
    GatewayRefused,
    GatewayUnreadable,
    PaymentGateway,
    StripeEvent,
)
from revenue.providers import is_stripe_itself
from revenue.queries.books import DISPUTES, PAYMENTS, REFUNDS, Movement, unsettled_sessions

logger = logging.getLogger(__name__)

EVENTS_KEPT: Final = timedelta(days=30)  # https://docs.stripe.com/api/events
OPEN_FOR: Final = timedelta(minutes=15)  # a younger session is most likely being paid right now
SESSIONS_MAX: Final = 500
CALLS_MAX: Final = 200  # per run; what is left is named, and the next run goes on
OURS_TO_ACT_ON: Final = timedelta(minutes=10)  # then the ordinary sweep may have the event


def recover_events(*, gateway: PaymentGateway, clock: Clock) -> int:
    """File every event that Stripe could not deliver and we never saw, and act on each.

    A listed event is a hint: the object it names is read as it is now, at the version we pin. One
    that we know counts as new where we could not read it, and can now. Returns how many were new.
    """
    now = clock()
    filed = []
    for found in gateway.undelivered_events(since=now - EVENTS_KEPT):
        event_id = _file(found, gateway=gateway, now=clock())
        if event_id is not None:
            filed.append((found.notice.created_at, event_id))
    oldest_first = [event_id for _, event_id in sorted(filed)]
    waiting = [each for each in oldest_first if _act(each, gateway=gateway, clock=clock)]
    for event_id in waiting:  # its cause may have been among those that came after it
        _act(event_id, gateway=gateway, clock=clock)
    return len(filed)


def _file(found: StripeEvent, *, gateway: PaymentGateway, now: datetime) -> int | None:
    """File a listed event; return its id where it brings something to act on."""
    event_id = file_event(
        found.notice,
        body=found.body,
        is_stripe_itself=is_stripe_itself(),
        now=now,
        due_at=now + OURS_TO_ACT_ON,
        is_listed=True,
    )
    if event_id is not None:
        return event_id
    mode = mode_of(livemode=found.notice.livemode, is_stripe_itself=is_stripe_itself())
    delivery = Delivery(notice=found.notice, body=found.body, mode=mode, received_at=now)
    with transaction.atomic(durable=True):
        return take_listed(delivery, gateway=gateway)


def _act(event_id: int, *, gateway: PaymentGateway, clock: Clock) -> bool:
    """Act on one event unless somebody else is at it; say whether it waits for its cause."""
    claimed = claim_due(
        StripeWebhookEvent,
        states=(EventState.RECEIVED, EventState.WAITING),
        to=EventState.PROCESSING,
        now=clock(),
        lease=LEASE,
        limit=1,
        only_id=event_id,
    )
    return any(
        process_claimed(event, gateway=gateway, source=Source.RECONCILE, clock=clock).outcome
        == Outcome.WAITING
        for event in claimed
    )


def recover_sessions(*, gateway: PaymentGateway, clock: Clock) -> tuple[int, int]:
    """Read every session that may have moved on without a word.

    Returns how many were read, and how many told us something new.
    """
    now = clock()
    ids = unsettled_sessions(
        before=now - OPEN_FOR, mode=settings.DEPLOYMENT_MODE, limit=SESSIONS_MAX
    )
    news = sum(
        _tell(
            partial(_read_session, session_id, gateway=gateway),
            about=session_id,
            at=clock(),
            now=clock(),
        )
        for session_id in ids
    )
    return len(ids), news


def _read_session(session_id: str, *, gateway: PaymentGateway) -> Sequence[Fact]:
    return [gateway.read_session(session_id)]


def recover_movements(missing: Sequence[Movement], *, gateway: PaymentGateway, clock: Clock) -> int:
    """Record what moved Stripe's balance and is not in our books. Returns how many were found.

    A balance line is only a hint as well: what it belongs to is read and told as usual, so that
    a payment which nothing else told us of still becomes an order. What cannot be recorded stays
    a difference between the books, and is named there.
    """
    return sum(
        _tell(
            partial(_read, movement, gateway=gateway),
            about=movement.object_id,
            at=movement.at,
            now=clock(),
        )
        for movement in missing[:CALLS_MAX]
    )


def _read(movement: Movement, *, gateway: PaymentGateway) -> Sequence[Fact]:
    if movement.book == PAYMENTS and movement.object_id.startswith("pi_"):
        return gateway.sessions_of_payment(movement.object_id)
    if movement.book == REFUNDS:
        fact = gateway.read_refund(movement.object_id)
        return refund_after_failures(fact, gateway=gateway, mode=settings.DEPLOYMENT_MODE)
    if movement.book == DISPUTES:
        return [gateway.dispute(movement.object_id)]
    return []


def lines_whenever(
    object_ids: Sequence[str], *, gateway: PaymentGateway
) -> dict[str, Sequence[BalanceLine]]:
    """Read all lines of each payment or refund.

    What is beyond CALLS_MAX, or what Stripe does not know, is left out.
    """
    found: dict[str, Sequence[BalanceLine]] = {}
    for object_id in object_ids[:CALLS_MAX]:
        try:
            found[object_id] = gateway.balance_lines_of(object_id)
        except (GatewayRefused, GatewayUnreadable) as answer:
            logger.warning(
                "reconcile could not read", extra={"code": answer.code, "about": object_id}
            )
    return found


def _tell(read: Callable[[], Sequence[Fact]], *, about: str, at: datetime, now: datetime) -> bool:
    """Read facts, then record them in one commit; say whether that changed anything.

    What one of Stripe's objects does to us stops none of the others. Raises GatewayUnknown, and
    the database's errors when it is away: then the others would fare no better.
    """
    try:
        facts = read()
    except (GatewayRefused, GatewayUnreadable) as answer:
        logger.warning("reconcile could not read", extra={"code": answer.code, "about": about})
        return False
    context = RecordingContext(
        mode=settings.DEPLOYMENT_MODE, source=Source.RECONCILE, now=now, occurred_at=at
    )
    try:
        with transaction.atomic(durable=True):
            outcomes = [record(context, fact) for fact in facts]
    except (CauseMissing, LostRace):
        return False  # told before its cause, or by another worker at this very moment
    except Unrecordable as problem:  # what moved the balance stays a difference between the books
        logger.warning(
            "reconcile leaves it to a person", extra={"why": str(problem), "about": about}
        )
        return False
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  # kept by class: its words may quote a person's row
        logger.error(
            "reconcile could not record", extra={"error": type(error).__name__, "about": about}
        )
        return False
    notice_cards(facts, source=Source.RECONCILE, now=now)
    return Outcome.RECORDED in outcomes
