"""The bounded work on one order, and its history."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from fulfillment.enums import RUN_MOVES, RUNS, RunEventKind, RunState
from fulfillment.models.intakes import OrderIntake
from kernel.append_only import AppendOnly
from kernel.modes import Mode, mode_field
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful
from toolrouter.enums import RUN_KINDS, RunKind


class AcquisitionRun(Stateful):
    """The work on one paid order, with bounds: a goal, a deadline, a number of steps.

    What it may do and spend, its grant and its caps say (toolrouter).
    """

    MOVES = RUN_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, editable=False)
    intake = models.OneToOneField(OrderIntake, on_delete=models.PROTECT, related_name="run")
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.PLANNED)
    kind = models.CharField(
        max_length=12, choices=RUN_KINDS, default=RunKind.FULFILMENT.value, editable=False
    )
    mode = mode_field()
    trace_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    goal = models.TextField(max_length=2000)
    deadline = models.DateTimeField()
    steps_max = models.PositiveIntegerField()
    created_at = models.DateTimeField(editable=False)
    moved_at = models.DateTimeField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="run_reference_unique"),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="run_mode_known"),
            models.CheckConstraint(
                condition=Q(kind__in=[value for value, _ in RUN_KINDS]), name="run_kind_known"
            ),
            models.CheckConstraint(condition=Q(steps_max__gt=0), name="run_steps_are_bounded"),
        ]
        indexes = [
            models.Index(fields=["trace_ref"], name="run_by_trace"),
            models.Index(fields=["state", "-id"], name="run_by_state"),
            models.Index(fields=["mode", "state", "-id"], name="run_by_mode_and_state"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return RUNS[self.state]


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
