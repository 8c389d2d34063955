"""The credentials of a runtime that works on several runs: seats, and which run each serves."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kernel.references import LENGTH_MAX
from toolrouter.models.grants import Grant
from toolrouter.planning import LANE_CHARS_MAX


class Seat(models.Model):
    """One lane's secret: who holds it acts in the run that it is bound to. SHA-256 kept only.

    ``listed_at``: when its holder listed our tools first. ``refused`` counts, within one minute,
    the calls that were attributed to no run.
    """

    reference = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    lane = models.CharField(max_length=LANE_CHARS_MAX, editable=False)
    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        editable=False,
    )
    made_at = models.DateTimeField(editable=False)
    listed_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    refused = models.PositiveIntegerField(default=0, editable=False)
    refused_minute = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lane__regex=r"^lane[1-9][0-9]?$"), name="seat_lane_is_a_name"
            ),
            models.UniqueConstraint(
                fields=["lane"], condition=Q(ended_at__isnull=True), name="seat_once_for_each_lane"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class SeatBinding(models.Model):
    """A seat serves one run: until it is closed to it, and taken until it is freed.

    Between the two it lets nobody in and serves nobody else: the runtime has not said yet that it
    works on the old run no more.
    """

    reference = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="bindings", editable=False)
    grant = models.ForeignKey(Grant, models.PROTECT, related_name="bindings", editable=False)
    bound_at = models.DateTimeField(editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    freed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seat"], condition=Q(freed_at__isnull=True), name="seat_serves_one_run"
            ),
            models.UniqueConstraint(
                fields=["grant"],
                condition=Q(closed_at__isnull=True),
                name="seat_of_a_run_is_one",
            ),
            models.CheckConstraint(
                condition=Q(freed_at__isnull=True)
                | Q(closed_at__isnull=False, freed_at__gte=F("closed_at")),
                name="seat_freed_only_after_it_was_closed",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
