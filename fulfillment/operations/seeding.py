"""Sample intakes and runs in bulk. Repeating adds nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fulfillment.enums import RunEventKind, RunState
from fulfillment.models import AcquisitionRun, OrderIntake, RunEvent
from fulfillment.policy import bounds_of_run
from kernel.modes import Mode
from kernel.money import Money
from kernel.references import new_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOrder:
    """A sample order that wants an intake and a run."""

    order_id: int
    order_ref: str
    offer_id: int | None
    deal_id: int | None
    trace_ref: str
    project_ref: str
    amount: Money
    paid_at: datetime


def seed_sample(*, orders: Sequence[SampleOrder]) -> int:
    """Make an intake, a run and its first event for each sample order; say how many.

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
        project_ref=order.project_ref,
        funded_minor=order.amount.amount_minor,
        currency=order.amount.currency,
        opened_at=order.paid_at,
        run_made_at=order.paid_at,
    )


def _sample_run(intake: OrderIntake) -> AcquisitionRun:
    bounds = bounds_of_run(opened_at=intake.opened_at)
    return AcquisitionRun(
        reference=new_reference("run"),
        intake=intake,
        project_ref=intake.project_ref,
        state=RunState.WAITING_FOR_BRIEF,
        mode=Mode.SAMPLE,
        trace_ref=intake.trace_ref,
        goal=bounds.goal,
        deadline=bounds.deadline,
        steps_max=bounds.steps_max,
        tokens_max=bounds.tokens_max,
        wall_s_max=bounds.wall_s_max,
        created_at=intake.opened_at,
        moved_at=intake.opened_at,
    )
