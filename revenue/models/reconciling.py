"""What comparing our books with Stripe's found."""

from __future__ import annotations

from django.db import models

from kernel.modes import mode_field


class ReconcileRun(models.Model):
    """One comparison of our books with Stripe's."""

    mode = mode_field()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    events_recovered = models.PositiveIntegerField(default=0)
    sessions_checked = models.PositiveIntegerField(default=0)
    fees_booked = models.PositiveIntegerField(default=0)
    differences = models.JSONField(default=list)
    error_class = models.CharField(max_length=100, default="", blank=True)

    def __str__(self) -> str:
        return f"reconcile {self.started_at:%Y-%m-%d %H:%M}"
