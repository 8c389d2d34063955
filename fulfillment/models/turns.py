"""One turn of the agent on a run: what it is handed, where, and how that ended."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from fulfillment.enums import TURN_MOVES, TURNS, TurnOutcome, TurnPurpose, TurnState, TurnStop
from fulfillment.models.runs import AcquisitionRun
from kernel.leases import Leased
from kernel.modes import Mode, mode_field
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful

RUNTIME_ID_CHARS_MAX = 100


class Turn(Stateful, Leased):
    """A bounded piece of a run's work, handed to the runtime once.

    ``reference`` is what the runtime knows it by, committed before it is asked: whatever became of
    the call, it can be looked for. ``binding_ref`` names the seat's binding to the run,
    ``runtime_id`` is the runtime's own name for the work. ``stop_reason`` says why we stop it.
    """

    MOVES = TURN_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    run = models.ForeignKey(AcquisitionRun, models.PROTECT, related_name="turns", editable=False)
    purpose = models.CharField(max_length=10, choices=TurnPurpose.choices, editable=False)
    state = models.CharField(
        max_length=10, choices=TurnState.choices, default=TurnState.QUEUED, editable=False
    )
    mode = mode_field()
    opened_at = models.DateTimeField(editable=False)
    next_attempt_at = models.DateTimeField(editable=False)
    attempts = models.PositiveIntegerField(default=0, editable=False)
    lane = models.CharField(max_length=10, blank=True, editable=False)
    binding_ref = models.CharField(max_length=LENGTH_MAX, blank=True, editable=False)
    runtime_id = models.CharField(max_length=RUNTIME_ID_CHARS_MAX, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    deadline_at = models.DateTimeField(null=True, editable=False)
    unknown_since = models.DateTimeField(null=True, editable=False)
    stop_reason = models.CharField(
        max_length=10, choices=TurnStop.choices, blank=True, editable=False
    )
    stop_asked_at = models.DateTimeField(null=True, editable=False)
    outcome = models.CharField(
        max_length=10, choices=TurnOutcome.choices, blank=True, editable=False
    )
    tokens = models.PositiveBigIntegerField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    # Until when the seat is taken, and the runtime keeps what was said: both are settled then.
    cleared_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run"],
                condition=~Q(state=TurnState.ENDED),
                name="turn_open_once_for_each_run",
            ),
            models.CheckConstraint(
                condition=Q(state__in=TurnState.values), name="turn_state_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="turn_mode_known"),
            models.CheckConstraint(
                condition=Q(purpose__in=TurnPurpose.values), name="turn_purpose_known"
            ),
            models.CheckConstraint(
                condition=Q(state=TurnState.ENDED, outcome__in=TurnOutcome.values)
                & Q(ended_at__isnull=False)
                | ~Q(state=TurnState.ENDED) & Q(outcome="", ended_at__isnull=True),
                name="turn_ended_iff_it_has_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[TurnState.QUEUED, TurnState.ENDED]) | ~Q(binding_ref=""),
                name="turn_at_work_only_on_a_seat",
            ),
            models.CheckConstraint(
                condition=Q(stop_reason="", stop_asked_at__isnull=True)
                | Q(stop_reason__in=TurnStop.values, stop_asked_at__isnull=False),
                name="turn_stopped_iff_there_is_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(cleared_at__isnull=True) | Q(state=TurnState.ENDED),
                name="turn_cleared_only_once_it_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["run", "-id"], name="turn_by_run"),
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(cleared_at__isnull=True),
                name="turn_due",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return TURNS[self.state]
