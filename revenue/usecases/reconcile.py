"""Comparing our books with Stripe's: fetch what we missed, book the fees, name what differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from fulfillment import queries as fulfillment
from kernel.exchanges import Clock
from kernel.liveness import holder_is_gone, process_number
from kernel.modes import Mode
from ledger import queries as ledger
from revenue.enums import OrderState, Source
from revenue.exchanges.cards import notice_cards
from revenue.exchanges.fees import book_fees
from revenue.exchanges.missed import (
    lines_whenever,
    recover_events,
    recover_movements,
    recover_sessions,
)
from revenue.models import Order, ReconcileRun
from revenue.operations.differences import tell_differences
from revenue.operations.holding import hold_or_release_work
from revenue.operations.locking import lock_order
from revenue.operations.recording_context import RecordingContext
from revenue.ports import BalanceLine, GatewayError, PaymentGateway
from revenue.queries.tie_out import SLACK, as_row, half_seen, missing_from_our_books, tie_out

DAYS_DEFAULT: Final = 7
ABANDONED_AFTER: Final = timedelta(minutes=15)  # longer than a task may run


class AlreadyRunning(Exception):
    """Another comparison of this mode is under way."""


def reconcile(*, gateway: PaymentGateway, clock: Clock, days: int = DAYS_DEFAULT) -> ReconcileRun:
    """Compare the last ``days`` full days and today. One at a time per mode.

    In this order: the whole ledger against the rows that its entries speak of; events that Stripe
    could not deliver, sessions that may have moved on, then the balance: what is missing in our
    books is fetched and recorded, fees are booked, and what still differs is kept with the run and
    told. Running it twice changes nothing the second time.

    Raises AlreadyRunning; the gateway's errors, after the run has kept that it failed.
    """
    run = _begin(now=clock(), days=days)
    try:
        _work(run, gateway=gateway, clock=clock)
    except BaseException as error:  # also when interrupted: an unfinished run blocks the next
        _end_badly(run, error, now=clock())
        raise
    return run


def _begin(*, now: datetime, days: int) -> ReconcileRun:
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    run = ReconcileRun(
        mode=settings.DEPLOYMENT_MODE,
        started_at=now,
        since=midnight - timedelta(days=days),
        until=now,
        leased_by=process_number(),
    )
    try:
        with transaction.atomic(durable=True):
            _close_abandoned(now=now)
            run.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyRunning(settings.DEPLOYMENT_MODE) from error
    return run


def _close_abandoned(*, now: datetime) -> None:
    """A killed worker leaves its run open; nothing is lost, the next one does it all again."""
    ReconcileRun.objects.filter(
        Q(started_at__lt=now - ABANDONED_AFTER) | Q(holder_is_gone()),
        mode=settings.DEPLOYMENT_MODE,
        finished_at=None,
    ).update(finished_at=now, error_class="Abandoned")


def _work(run: ReconcileRun, *, gateway: PaymentGateway, clock: Clock) -> None:
    mode = Mode(run.mode)
    in_the_ledger = ledger.compare_rows()
    run.ledger_findings = [asdict(found) for found in in_the_ledger.findings]
    run.events_recovered = recover_events(gateway=gateway, clock=clock)
    run.sessions_checked, run.facts_recovered = recover_sessions(gateway=gateway, clock=clock)
    lines = list(gateway.balance_lines(since=run.since - SLACK, until=run.until))
    run.lines_compared = len(lines)
    missing = missing_from_our_books(lines, mode=mode, since=run.since, now=run.until)
    run.facts_recovered += recover_movements(missing, gateway=gateway, clock=clock)
    differing = half_seen(lines, mode=mode, since=run.since, now=run.until)
    whole = lines_whenever(differing, gateway=gateway)
    lines = _together(lines, *whole.values())
    run.fees_booked = book_fees(lines, now=clock())
    _hold_disputed(now=clock())
    notice_cards(lines, source=Source.RECONCILE, now=clock())
    found = tie_out(lines, mode=mode, since=run.since, now=run.until, whole=frozenset(whole))
    run.days, run.listed = list(found.days), list(found.listed)
    run.differences = [as_row(each) for each in found.differences]
    now = clock()
    with transaction.atomic(durable=True):
        tell_differences(
            {each.item: as_row(each) for each in found.differences},
            mode=mode,
            since=run.since.date(),
            now=now,
            in_the_ledger=in_the_ledger,
        )
        run.finished_at = now
        run.save()


def _hold_disputed(*, now: datetime) -> int:
    """Freeze the work on each disputed order on which it goes on; say on how many it did.

    Whoever records a dispute freezes the work in the same commit. Migration 0019 could not: it
    counted old disputes anew, and what happens to a run is history that the ledger seals. Each
    order by itself, so that interrupted it is simply done again.
    """
    disputed = Order.objects.filter(state=OrderState.DISPUTED, mode=settings.DEPLOYMENT_MODE)
    refs = dict(disputed.values_list("pk", "reference"))
    going_on = fulfillment.orders_worked_on(list(refs))
    context = RecordingContext(
        mode=Mode(settings.DEPLOYMENT_MODE), source=Source.RECONCILE, now=now, occurred_at=now
    )
    for order_id in going_on:
        with transaction.atomic(durable=True):
            hold_or_release_work(context, lock_order(refs[order_id]))
    return len(going_on)


def _together(*parts: Iterable[BalanceLine]) -> list[BalanceLine]:
    """Return each line once."""
    return list({line.transaction_id: line for line in chain(*parts)}.values())


def _end_badly(run: ReconcileRun, error: BaseException, *, now: datetime) -> None:
    run.finished_at = now
    run.error_class = type(error).__name__[:100]
    run.error_code = error.code[:100] if isinstance(error, GatewayError) else ""
    with transaction.atomic(durable=True):
        run.save()
