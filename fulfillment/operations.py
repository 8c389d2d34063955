"""What other apps may do to the work on an order, inside their own transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fulfillment.enums import FreezeReason, RunEventKind, RunState
from fulfillment.models import AcquisitionRun, OrderIntake, RunEvent
from fulfillment.models.intakes import OpenedIntake
from fulfillment.policy import bounds_of_run
from kernel.modes import Mode
from kernel.references import new_reference
from ledger import operations as ledger
from ledger.enums import EntryKind


def open_intake(
    *,
    order_id: int,
    order_ref: str,
    offer_id: int | None,
    deal_id: int | None,
    mode: str,
    trace_ref: str,
    now: datetime,
) -> OpenedIntake:
    """Take a paid order in for work, once: one statement when new, two when it was there."""
    return OrderIntake.open_once(
        order_id=order_id,
        order_ref=order_ref,
        offer_id=offer_id,
        deal_id=deal_id,
        mode=mode,
        trace_ref=trace_ref,
        now=now,
    )


def freeze_work(*, order_id: int, reason: FreezeReason, now: datetime) -> bool:
    """Stop the work on an order; say whether that changed anything.

    Remembered on the intake, so it holds for a run that starts later too. The newest reason
    stands: the caller says what holds now. An order without an intake has no work to stop.
    """
    return _settle(order_id=order_id, reason=FreezeReason(reason), now=now)


def resume_work(*, order_id: int, now: datetime) -> bool:
    """Let the work on an order go on; say whether that changed anything."""
    return _settle(order_id=order_id, reason=None, now=now)


def _settle(*, order_id: int, reason: FreezeReason | None, now: datetime) -> bool:
    """Bring intake and run to what holds now. ``start_run`` takes the same lock first."""
    intake = OrderIntake.objects.select_for_update(no_key=True).filter(order_id=order_id).first()
    if intake is None or intake.frozen_reason == (reason or ""):
        return False
    intake.remember_freeze(reason, now=now)
    run = AcquisitionRun.objects.filter(intake=intake).first()
    if run is not None:
        settle_run(run, reason=reason, now=now)
    return True


def settle_run(run: AcquisitionRun, *, reason: FreezeReason | None, now: datetime) -> None:
    """Freeze or resume one run whose intake the caller has locked; write it down once."""
    state = RunState.FROZEN if reason else RunState.PLANNED
    if run.state != state:
        run.move(state, moved_at=now)
    record_run_event(
        run,
        kind=RunEventKind.FROZEN if reason else RunEventKind.RESUMED,
        facts={"reason": str(reason)} if reason else {},
        now=now,
    )


def record_run_event(
    run: AcquisitionRun,
    *,
    kind: RunEventKind,
    facts: Mapping[str, str | int],
    refs: Sequence[str] = (),
    now: datetime,
) -> None:
    """Append a line to the run's history and the matching entry to the ledger."""
    reference = new_reference("rne")
    key = f"{run.reference}:{kind}" if kind == RunEventKind.PLANNED else reference
    RunEvent.objects.create(
        reference=reference,
        key=key,
        run=run,
        kind=kind,
        mode=run.mode,
        facts=dict(facts),
        occurred_at=now,
    )
    ledger.record(
        key=f"run:{key}",
        kind=EntryKind.RUN,
        event=f"run.{kind}",
        subject=run.reference,
        refs=[reference, *refs],
        facts=facts,
        mode=run.mode,
        trace_ref=run.trace_ref,
        occurred_at=now,
        now=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOrder:
    """A sample order that wants an intake and a run."""

    order_id: int
    order_ref: str
    offer_id: int | None
    deal_id: int | None
    trace_ref: str
    paid_at: datetime


def seed_sample(*, orders: Sequence[SampleOrder]) -> int:
    """Make an intake, a planned run and its first event for each sample order; say how many.

    In bulk, without ledger entries; orders that have an intake already are left alone.
    """
    known = set(
        OrderIntake.objects.filter(order_id__in=[order.order_id for order in orders]).values_list(
            "order_id", flat=True
        )
    )
    fresh = [order for order in orders if order.order_id not in known]
    intakes = OrderIntake.objects.bulk_create([_sample_intake(order) for order in fresh])
    runs = AcquisitionRun.objects.bulk_create([_sample_run(intake) for intake in intakes])
    RunEvent.objects.bulk_create(
        [
            RunEvent(
                reference=new_reference("rne"),
                key=f"{run.reference}:{RunEventKind.PLANNED}",
                run=run,
                kind=RunEventKind.PLANNED,
                mode=Mode.SAMPLE,
                occurred_at=run.created_at,
            )
            for run in runs
        ]
    )
    return len(fresh)


def _sample_intake(order: SampleOrder) -> OrderIntake:
    return OrderIntake(
        reference=new_reference("int"),
        order_id=order.order_id,
        order_ref=order.order_ref,
        offer_id=order.offer_id,
        deal_id=order.deal_id,
        mode=Mode.SAMPLE,
        trace_ref=order.trace_ref,
        opened_at=order.paid_at,
        run_made_at=order.paid_at,
    )


def _sample_run(intake: OrderIntake) -> AcquisitionRun:
    bounds = bounds_of_run(opened_at=intake.opened_at)
    return AcquisitionRun(
        reference=new_reference("run"),
        intake=intake,
        state=RunState.PLANNED,
        mode=Mode.SAMPLE,
        trace_ref=intake.trace_ref,
        goal=bounds.goal,
        budget_minor=bounds.budget.amount_minor,
        currency=bounds.budget.currency,
        deadline=bounds.deadline,
        steps_max=bounds.steps_max,
        created_at=intake.opened_at,
        moved_at=intake.opened_at,
    )
