"""How the agent's runtime stands, as it was found last."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from fulfillment.enums import RUNTIMES, RuntimeState
from kernel.state_words import OperatorWords


class RuntimeStatus(models.Model):
    """One row. ``faults`` are the words for why it gets no work, each with what it is about."""

    is_the_one = models.BooleanField(default=True, unique=True, editable=False)
    status = models.CharField(max_length=15, choices=RuntimeState.choices, editable=False)
    faults = models.JSONField(default=list, editable=False)
    since = models.DateTimeField(editable=False)
    noted_at = models.DateTimeField(editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(is_the_one=True), name="runtime_status_is_one"),
            models.CheckConstraint(
                condition=Q(status__in=RuntimeState.values), name="runtime_status_known"
            ),
        ]

    def __str__(self) -> str:
        return self.status

    @property
    def words(self) -> OperatorWords:
        """Return what that says to operators."""
        return RUNTIMES[self.status]
