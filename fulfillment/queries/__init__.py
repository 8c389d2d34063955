"""What other apps may ask about the work. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from fulfillment.enums import ENDED, RUNS, FreezeReason, RunEventKind, RunLimit, RunState
from fulfillment.models import AcquisitionRun, OrderIntake, RunEvent
from kernel.money import Money
from kernel.paging import Cursor, Page, page_of
from kernel.state_words import OperatorWords
from toolrouter.enums import RunKind

ROWS_PER_PAGE: Final = 50
EVENTS_SHOWN_MAX: Final = 200
PAST_DEADLINE: Final = "Its time is over, and a retry gives it no more. Stop it and start another."
PAST_DEADLINE_OF_ORDER: Final = (
    "Its time is over, and a retry gives it no more. Stop it, then refund the order or agree on a "
    "new one with the buyer."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """A run as other apps see it."""

    id: int
    reference: str
    state: str
    mode: str
    trace_ref: str
    goal: str
    kind: RunKind
    project_ref: str
    funded: Money | None  # None: no order pays for it
    deadline: datetime
    steps_max: int
    tokens_max: int
    wall_s_max: int
    tokens_used: int
    wall_s_used: int
    limit_reached: str
    due_at: datetime | None
    created_at: datetime
    moved_at: datetime
    intake_ref: str
    order_ref: str
    order_id: int | None
    deal_id: int | None
    deal_ref: str
    frozen_reason: str
    frozen_at: datetime | None

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return RUNS[self.state]

    @property
    def note(self) -> str:
        """Say what comes next, or what a person does about it."""
        if self.state == RunState.STUCK and self.limit_reached == RunLimit.DEADLINE:
            return PAST_DEADLINE_OF_ORDER if self.order_ref else PAST_DEADLINE
        return self.state_words.note

    @property
    def limit_words(self) -> str:
        """Name the bound that it has reached, or nothing."""
        return str(RunLimit(self.limit_reached).label) if self.limit_reached else ""

    @property
    def verbs(self) -> Sequence[tuple[str, str]]:
        """Return what a person can do with it now: verb and button."""
        if self.state in ENDED:
            return ()
        stop = ("stop", "Stop for good")
        if self.state == RunState.PAUSED:
            return ("resume", "Resume"), stop
        if self.state == RunState.STUCK:
            is_over = self.limit_reached == RunLimit.DEADLINE  # no retry gives it more days
            return (stop,) if is_over else (("retry", "Retry"), stop)
        return (stop,) if self.state == RunState.FROZEN else (("pause", "Pause"), stop)

    @property
    def frozen_words(self) -> str:
        """Say why the work stands still, or nothing."""
        return str(FreezeReason(self.frozen_reason).label) if self.frozen_reason else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeFacts:
    """An intake as other apps see it, with its run where there is one."""

    id: int
    reference: str
    order_ref: str
    mode: str
    trace_ref: str
    opened_at: datetime
    frozen_reason: str
    frozen_at: datetime | None
    run: RunFacts | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """One line of a run's history."""

    reference: str
    kind: str
    words: str
    facts: Mapping[str, str | int]
    occurred_at: datetime


def _run_facts(run: AcquisitionRun, intake: OrderIntake | None) -> RunFacts:
    return RunFacts(
        id=run.pk,
        reference=run.reference,
        state=run.state,
        mode=run.mode,
        trace_ref=run.trace_ref,
        goal=run.goal,
        kind=RunKind(run.kind),
        project_ref=run.project_ref,
        funded=intake.funded if intake else None,
        deadline=run.deadline,
        steps_max=run.steps_max,
        tokens_max=run.tokens_max,
        wall_s_max=run.wall_s_max,
        tokens_used=run.tokens_used,
        wall_s_used=run.wall_s_used,
        limit_reached=run.limit_reached,
        due_at=run.due_at,
        created_at=run.created_at,
        moved_at=run.moved_at,
        intake_ref=intake.reference if intake else "",
        order_ref=intake.order_ref if intake else "",
        order_id=intake.order_id if intake else None,
        deal_id=intake.deal_id if intake else None,
        deal_ref=run.deal_ref,
        frozen_reason=intake.frozen_reason if intake else "",
        frozen_at=intake.frozen_at if intake else None,
    )


def _intake_facts(intakes: QuerySet[OrderIntake]) -> list[IntakeFacts]:
    """Read intakes with their runs. One statement."""
    return [
        IntakeFacts(
            id=intake.pk,
            reference=intake.reference,
            order_ref=intake.order_ref,
            mode=intake.mode,
            trace_ref=intake.trace_ref,
            opened_at=intake.opened_at,
            frozen_reason=intake.frozen_reason,
            frozen_at=intake.frozen_at,
            run=_run_facts(intake.run, intake) if hasattr(intake, "run") else None,
        )
        for intake in intakes.select_related("run").order_by("pk")
    ]


def intake_of_order(order_id: int) -> IntakeFacts | None:
    """Return the intake of an order, or None. One statement."""
    return next(iter(_intake_facts(OrderIntake.objects.filter(order_id=order_id))), None)


def intakes_by_trace(trace_ref: str) -> list[IntakeFacts]:
    """Return every intake of a trace, oldest first. One statement."""
    return _intake_facts(OrderIntake.objects.filter(trace_ref=trace_ref))


def intakes_of_deal(deal_id: int) -> list[IntakeFacts]:
    """Return every intake of a deal, oldest first. One statement."""
    return _intake_facts(OrderIntake.objects.filter(deal_id=deal_id))


def intake_by_reference(reference: str) -> IntakeFacts | None:
    """Return the intake of that reference, or None. One statement."""
    return next(iter(_intake_facts(OrderIntake.objects.filter(reference=reference))), None)


def run_by_reference(reference: str) -> RunFacts | None:
    """Return the run of that reference, or None. One statement."""
    run = AcquisitionRun.objects.select_related("intake").filter(reference=reference).first()
    return _run_facts(run, run.intake) if run else None


def run_of_event(reference: str) -> RunFacts | None:
    """Return the run that a ``rne_…`` belongs to, or None. One statement."""
    event = RunEvent.objects.select_related("run__intake").filter(reference=reference).first()
    return _run_facts(event.run, event.run.intake) if event else None


def events_of_run(run_id: int, *, limit: int = EVENTS_SHOWN_MAX) -> list[EventLine]:
    """Return a run's newest ``limit`` events, newest first. One statement."""
    return [
        EventLine(
            reference=event.reference,
            kind=event.kind,
            words=str(RunEventKind(event.kind).label),
            facts=event.facts,
            occurred_at=event.occurred_at,
        )
        for event in RunEvent.objects.filter(run_id=run_id).order_by("-pk")[:limit]
    ]


def runs_page(*, cursor: Cursor, state: str = "", mode: str = "") -> Page[RunFacts]:
    """Return one page of runs, newest first; "" means any. One statement."""
    narrowed = {name: value for name, value in (("state", state), ("mode", mode)) if value}
    runs = AcquisitionRun.objects.select_related("intake").filter(**narrowed)
    page = page_of(runs, cursor=cursor, limit=ROWS_PER_PAGE)
    return page.map(lambda run: _run_facts(run, run.intake))


def runs_of_project(project_ref: str, *, limit: int = ROWS_PER_PAGE) -> list[RunFacts]:
    """Return a project's newest ``limit`` runs, newest first. One statement."""
    runs = AcquisitionRun.objects.select_related("intake").filter(project_ref=project_ref)
    return [_run_facts(run, run.intake) for run in runs.order_by("-pk")[:limit]]


def intakes_without_run(*, after_id: int, limit: int) -> list[tuple[int, int]]:
    """Return (intake id, order id) of paid orders without a run, in order, past ``after_id``."""
    waiting = OrderIntake.objects.filter(run_made_at__isnull=True, id__gt=after_id)
    return list(waiting.order_by("id").values_list("id", "order_id")[:limit])


def orders_worked_on(order_ids: Sequence[int]) -> list[int]:
    """Return which of these orders are taken in for work and not frozen, in order."""
    going_on = OrderIntake.objects.filter(order_id__in=order_ids, frozen_at__isnull=True)
    return list(going_on.order_by("order_id").values_list("order_id", flat=True))
