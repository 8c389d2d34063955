"""A bounded piece of work, and its history."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q

from fulfillment.enums import (
    AT_WORK,
    ENDED,
    INTERRUPTED,
    RUN_MOVES,
    RUNS,
    WITH_PEOPLE,
    RunEventKind,
    RunLimit,
    RunState,
)
from fulfillment.models.intakes import OrderIntake
from kernel.append_only import AppendOnly
from kernel.modes import Mode, mode_field
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful
from toolrouter.enums import RUN_KINDS, RunKind

# In the order of their table: sets have none, and a migration compares lists.
_AT_WORK: Final = [state for state in RunState if state in AT_WORK]
_WITH_PEOPLE: Final = [state for state in RunState if state in WITH_PEOPLE]
_INTERRUPTED: Final = [state for state in RunState if state in INTERRUPTED]
_FROZEN_FROM: Final = [*_WITH_PEOPLE, *_AT_WORK, *_INTERRUPTED]
_IS_INTERRUPTED: Final = Q(state__in=_INTERRUPTED) | Q(frozen_from__in=_INTERRUPTED)


class AcquisitionRun(Stateful):
    """One bounded piece of work: on a paid order, on a deal, or a trial.

    What it may do and spend, its grant and its caps say (toolrouter). ``due_at`` is what the buyer
    was promised, ``deadline`` until when anybody may act in it. ``interrupted`` is the work that a
    pause or a stuck turn interrupted, ``frozen_from`` what a refund or dispute did.
    """

    MOVES = RUN_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, editable=False)
    intake = models.OneToOneField(
        OrderIntake, on_delete=models.PROTECT, related_name="run", null=True, editable=False
    )
    deal_ref = models.CharField(max_length=LENGTH_MAX, blank=True, editable=False)
    project_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    state = models.CharField(
        max_length=22, choices=RunState.choices, default=RunState.WAITING_FOR_BRIEF
    )
    interrupted = models.CharField(
        max_length=22, choices=RunState.choices, blank=True, editable=False
    )
    frozen_from = models.CharField(
        max_length=22, choices=RunState.choices, blank=True, editable=False
    )
    kind = models.CharField(
        max_length=12, choices=RUN_KINDS, default=RunKind.FULFILMENT.value, editable=False
    )
    mode = mode_field()
    trace_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    goal = models.TextField(max_length=2000)
    due_at = models.DateTimeField(null=True, editable=False)
    deadline = models.DateTimeField(editable=False)
    steps_max = models.PositiveIntegerField()
    tokens_max = models.PositiveBigIntegerField()
    wall_s_max = models.PositiveIntegerField()
    tokens_used = models.PositiveBigIntegerField(default=0, editable=False)
    wall_s_used = models.PositiveIntegerField(default=0, editable=False)
    idle_turns = models.PositiveSmallIntegerField(default=0, editable=False)
    limit_reached = models.CharField(
        max_length=12, choices=RunLimit.choices, blank=True, editable=False
    )
    created_at = models.DateTimeField(editable=False)
    moved_at = models.DateTimeField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="run_reference_unique"),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="run_mode_known"),
            models.CheckConstraint(
                condition=Q(kind=RunKind.FULFILMENT.value, intake__isnull=False, deal_ref="")
                | Q(kind=RunKind.SALES.value, intake__isnull=True, deal_ref__startswith="deal_")
                | Q(kind=RunKind.TRIAL.value, intake__isnull=True, deal_ref=""),
                name="run_is_about_what_its_kind_says",
            ),
            models.CheckConstraint(condition=~Q(project_ref=""), name="run_has_a_project"),
            models.CheckConstraint(
                condition=Q(steps_max__gt=0, tokens_max__gt=0, wall_s_max__gt=0),
                name="run_work_is_bounded",
            ),
            models.CheckConstraint(
                condition=Q(state=RunState.FROZEN, frozen_from__in=_FROZEN_FROM)
                | (~Q(state=RunState.FROZEN) & Q(frozen_from="")),
                name="run_frozen_iff_it_remembers_from_where",
            ),
            models.CheckConstraint(
                condition=(_IS_INTERRUPTED & Q(interrupted__in=[*_AT_WORK, *_WITH_PEOPLE]))
                | (~_IS_INTERRUPTED & Q(interrupted="")),
                name="run_interrupted_iff_it_remembers_what",
            ),
        ]
        indexes = [
            models.Index(fields=["trace_ref"], name="run_by_trace"),
            models.Index(fields=["state", "-id"], name="run_by_state"),
            models.Index(fields=["mode", "state", "-id"], name="run_by_mode_and_state"),
            models.Index(fields=["project_ref", "-id"], name="run_by_project"),
            models.Index(fields=["deal_ref", "-id"], condition=~Q(deal_ref=""), name="run_by_deal"),
            # What gets its next turn: the few that are at work, in the order of their promise.
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state__in=_AT_WORK),
                name="run_at_work_by_due_date",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return RUNS[self.state]

    @property
    def has_ended(self) -> bool:
        """Say whether nothing more is done in it."""
        return self.state in ENDED


class RunEvent(AppendOnly):
    """One line of a run's history: references, enums, numbers and times only."""

    reference = models.CharField(max_length=LENGTH_MAX)
    key = models.CharField(max_length=120)
    run = models.ForeignKey(
        AcquisitionRun, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=20, choices=RunEventKind.choices)
    mode = mode_field()
    facts = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="run_event_reference_unique"),
            models.UniqueConstraint(fields=["key"], name="run_event_once_per_key"),
            models.CheckConstraint(
                condition=Q(kind__in=RunEventKind.values), name="run_event_kind_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="run_event_mode_known"),
        ]
        indexes = [models.Index(fields=["run", "-id"], name="run_event_by_run")]

    def __str__(self) -> str:
        return self.reference
