"""What other apps may do to the work on an order, inside their own transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from fulfillment.enums import FreezeReason, RunEventKind, RunState
from fulfillment.models import AcquisitionRun, OrderIntake, RunEvent
from fulfillment.models.intakes import OpenedIntake
from kernel.money import Money
from kernel.references import new_reference
from ledger import operations as ledger
from ledger.enums import EntryKind
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

    Its grant is on hold while it is frozen.
    """
    state = RunState.FROZEN if reason else RunState.PLANNED
    if run.state != state:
        run.move(state, moved_at=now)
    if reason:
        toolrouter.freeze_grant(run.reference, now=now)
    else:
        toolrouter.resume_grant(run.reference)
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
