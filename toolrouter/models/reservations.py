"""Money that is set aside for a spend, and what of it was taken."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from kernel.append_only import AppendOnly
from kernel.modes import Mode, mode_field
from kernel.money import Money
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful
from toolrouter.enums import RESERVATION_MOVES, RESERVATIONS, Family, ReservationState
from toolrouter.models.calls import ToolCall
from toolrouter.models.grants import Grant


class Reservation(Stateful):
    """All that an approved call can cost, reserved in the commit of the last decision.

    Open at any age it counts against every cap of its family, currency and mode, less what was
    captured of it; settled or released it counts nothing any more, and its captures go on counting
    by their own time.
    """

    MOVES = RESERVATION_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    call = models.OneToOneField(
        ToolCall, models.PROTECT, related_name="reservation", editable=False
    )
    grant = models.ForeignKey(
        Grant, models.PROTECT, related_name="+", db_index=False, editable=False
    )
    project_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    run_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    family = models.CharField(max_length=20, choices=Family.choices, editable=False)
    currency = models.CharField(max_length=3, editable=False)
    mode = mode_field()
    ceiling_minor = models.BigIntegerField(editable=False)
    state = models.CharField(max_length=10, choices=ReservationState.choices, editable=False)
    reserved_at = models.DateTimeField(editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ReservationState.values), name="reservation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(family__in=Family.values), name="reservation_family_known"
            ),
            models.CheckConstraint(
                condition=Q(mode__in=Mode.values), name="reservation_mode_known"
            ),
            models.CheckConstraint(
                condition=Q(ceiling_minor__gte=0, currency__regex=r"^[A-Z]{3}$"),
                name="reservation_of_an_amount",
            ),
            models.CheckConstraint(
                condition=Q(state=ReservationState.OPEN, closed_at__isnull=True)
                | ~Q(state=ReservationState.OPEN) & Q(closed_at__isnull=False),
                name="reservation_closed_iff_not_open",
            ),
        ]
        indexes = [
            models.Index(
                fields=["family", "currency", "mode"],
                condition=Q(state=ReservationState.OPEN),
                name="reservation_open",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def ceiling(self) -> Money:
        """Return what the call can cost at most."""
        return Money(self.ceiling_minor, self.currency)

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return RESERVATIONS[self.state]


class Capture(AppendOnly):
    """Money that was taken: how much, and when by the clock of whoever took it.

    It counts against the caps of its own currency, whatever was reserved. Project, run, family and
    mode are those of the reservation, so that a window is summed from one table.
    """

    reference = models.CharField(max_length=LENGTH_MAX)
    reservation = models.ForeignKey(
        Reservation, models.PROTECT, related_name="captures", editable=False
    )
    project_ref = models.CharField(max_length=LENGTH_MAX)
    run_ref = models.CharField(max_length=LENGTH_MAX)
    family = models.CharField(max_length=20, choices=Family.choices)
    currency = models.CharField(max_length=3)
    mode = mode_field()
    amount_minor = models.BigIntegerField()
    captured_at = models.DateTimeField()
    booked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="capture_reference_unique"),
            models.CheckConstraint(
                condition=Q(family__in=Family.values), name="capture_family_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="capture_mode_known"),
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0, currency__regex=r"^[A-Z]{3}$"),
                name="capture_of_an_amount",
            ),
        ]
        indexes = [
            models.Index(
                fields=["family", "currency", "mode", "captured_at"],
                include=["amount_minor", "project_ref", "run_ref"],
                name="capture_by_time",
            ),
            models.Index(
                fields=["project_ref", "captured_at"],
                include=["family", "currency", "mode", "amount_minor"],
                name="capture_by_project",
            ),
            models.Index(
                fields=["run_ref", "captured_at"],
                include=["family", "currency", "mode", "amount_minor"],
                name="capture_by_run",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def amount(self) -> Money:
        """Return what was taken."""
        return Money(self.amount_minor, self.currency)
