"""A paid order gets its run."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from fulfillment.enums import FreezeReason, RunEventKind, RunState
from fulfillment.models import AcquisitionRun, OrderIntake
from fulfillment.operations.granting import grant_run
from fulfillment.operations.history import record_run_event
from fulfillment.operations.work import settle_run
from fulfillment.policy import bounds_of_run
from kernel.nudges import nudge_after_commit
from kernel.references import new_reference


@transaction.atomic(durable=True)
def start_run(*, order_id: int, now: datetime) -> str | None:
    """Open the one run of a paid order, grant it what it may do, and return its reference.

    Safe to repeat, late, or at the same time as itself: the intake is locked first, and the same
    lock is taken by whoever freezes the work, so that it does not matter which comes first. None
    where the order has no intake (it was never paid, or the commit is not there yet).
    """
    intake = OrderIntake.objects.select_for_update(no_key=True).filter(order_id=order_id).first()
    if intake is None:
        return None
    if intake.run_made_at is not None:
        return intake.run.reference
    run = _open(intake, now=now)
    grant_run(run, subjects=intake.subject_refs, now=now)
    intake.run_made_at = now
    intake.save(update_fields=["run_made_at"])
    if intake.is_frozen:
        settle_run(run, reason=FreezeReason(intake.frozen_reason), now=now)
    nudge_after_commit("run.opened")
    return run.reference


def _open(intake: OrderIntake, *, now: datetime) -> AcquisitionRun:
    bounds = bounds_of_run(opened_at=intake.opened_at)
    run = AcquisitionRun.objects.create(
        reference=new_reference("run"),
        intake=intake,
        project_ref=intake.project_ref,
        state=RunState.WAITING_FOR_BRIEF,
        mode=intake.mode,
        trace_ref=intake.trace_ref,
        goal=bounds.goal,
        deadline=bounds.deadline,
        steps_max=bounds.steps_max,
        tokens_max=bounds.tokens_max,
        wall_s_max=bounds.wall_s_max,
        created_at=now,
        moved_at=now,
    )
    record_run_event(
        run,
        kind=RunEventKind.PLANNED,
        facts={"steps_max": bounds.steps_max},
        refs=[intake.reference, intake.order_ref],
        now=now,
    )
    return run
