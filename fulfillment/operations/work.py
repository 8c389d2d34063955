"""What other apps may do to the work on an order, inside their own transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fulfillment.enums import FreezeReason, RunEventKind, RunState
from fulfillment.models import AcquisitionRun, OrderIntake
from fulfillment.models.intakes import OpenedIntake
from fulfillment.operations.history import record_run_event
from fulfillment.operations.turns import stop_turn
from kernel.money import Money
from toolrouter import operations as toolrouter


def open_intake(
    *,
    order_id: int,
    order_ref: str,
    offer_id: int | None,
    deal_id: int | None,
    mode: str,
    trace_ref: str,
    project_ref: str,
    subjects: Sequence[str],
    funded: Money,
    now: datetime,
) -> OpenedIntake:
    """Take a paid order in for work, once: one statement when new, two when it was there.

    ``subjects`` are whom its run may know of: the deal, its contact and company. ``funded`` is what
    it brought and is still held.
    """
    return OrderIntake.open_once(
        order_id=order_id,
        order_ref=order_ref,
        offer_id=offer_id,
        deal_id=deal_id,
        mode=mode,
        trace_ref=trace_ref,
        project_ref=project_ref,
        subjects=subjects,
        funded=funded,
        now=now,
    )


def set_funded(*, order_id: int, funded: Money) -> None:
    """Write what an order brought and still holds to its intake and its run's grant.

    The absolute value: whatever came first, the last word is the truth. The caller has locked the
    order. An order without an intake funds nothing yet; its intake opens with what holds then.
    """
    intake = OrderIntake.objects.select_for_update(no_key=True).filter(order_id=order_id).first()
    if intake is None:
        return
    intake.funded_minor, intake.currency = funded.amount_minor, funded.currency
    intake.save(update_fields=["funded_minor", "currency"])
    if run := AcquisitionRun.objects.filter(intake=intake).first():
        toolrouter.set_funded(run.reference, funded=funded)


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
    """Freeze or resume one run whose intake the caller has locked; write it down once.

    Its grant is on hold while it is frozen, and a frozen run returns to where it stood. A run that
    has ended stays as it is: what became of its payment is a line of its history.
    """
    facts: dict[str, str | int] = {"reason": str(reason)} if reason else {}
    if run.has_ended:
        kind = RunEventKind.PAYMENT_HELD if reason else RunEventKind.PAYMENT_SETTLED
    elif reason:
        kind = RunEventKind.FROZEN
        if run.state != RunState.FROZEN:
            run.move(RunState.FROZEN, moved_at=now, frozen_from=run.state)
        stop_turn(run, now=now)
        toolrouter.freeze_grant(run.reference, now=now)
    else:
        kind = RunEventKind.RESUMED
        if run.state == RunState.FROZEN:
            run.move(run.frozen_from, moved_at=now, frozen_from="")
        if run.state != RunState.PAUSED:
            toolrouter.resume_grant(run.reference)
    record_run_event(run, kind=kind, facts=facts, now=now)
