"""What comparing our books with Stripe's found."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from kernel.modes import mode_field


class ReconcileRun(models.Model):
    """One comparison of our books with Stripe's, over a window of time."""

    mode = mode_field()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    leased_by = models.IntegerField(null=True, blank=True, editable=False)
    since = models.DateTimeField()
    until = models.DateTimeField()
    events_recovered = models.PositiveIntegerField(default=0)
    sessions_checked = models.PositiveIntegerField(default=0)
    facts_recovered = models.PositiveIntegerField(default=0)
    fees_booked = models.PositiveIntegerField(default=0)
    lines_compared = models.PositiveIntegerField(default=0)
    days = models.JSONField(default=list, help_text="Totals by day, currency and kind.")
    differences = models.JSONField(default=list, help_text="Each by name, with both amounts.")
    listed = models.JSONField(default=list, help_text="Payouts and the like: told, not booked.")
    ledger_findings = models.JSONField(
        default=list, help_text="Where ledger entries and the rows they speak of differ, by name."
    )
    error_class = models.CharField(max_length=100, default="", blank=True)
    error_code = models.CharField(max_length=100, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mode"],
                condition=Q(finished_at__isnull=True),
                name="reconcile_one_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"reconcile {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def is_clean(self) -> bool:
        """Whether it came to its end and found no difference."""
        is_whole = bool(self.finished_at) and not self.error_class
        return is_whole and not self.differences and not self.ledger_findings
