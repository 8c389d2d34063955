"""How much may be spent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from kernel.modes import Mode, mode_field
from kernel.money import Money
from kernel.references import LENGTH_MAX
from toolrouter.enums import CapScope, CapWindow, Family


class SpendCap(models.Model):
    """A limit of one scope, for one family of operations, one currency, mode and window.

    ``ref`` is the project or the run, and nothing for the account. A row is never taken away: what
    may no longer be spent has a limit of nothing. Every change of the limit is a SafetyChange.
    """

    reference = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    scope = models.CharField(max_length=10, choices=CapScope.choices, editable=False)
    ref = models.CharField(max_length=LENGTH_MAX, blank=True, editable=False)
    family = models.CharField(max_length=20, choices=Family.choices, editable=False)
    currency = models.CharField(max_length=3, editable=False)
    mode = mode_field()
    time_window = models.CharField(max_length=10, choices=CapWindow.choices, editable=False)
    limit_minor = models.BigIntegerField(editable=False)
    made_at = models.DateTimeField(editable=False)
    changed_at = models.DateTimeField(editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "ref", "family", "currency", "mode", "time_window"],
                name="cap_once_for_each_window",
            ),
            models.CheckConstraint(condition=Q(scope__in=CapScope.values), name="cap_scope_known"),
            models.CheckConstraint(
                condition=Q(scope=CapScope.ACCOUNT, ref="")
                | ~Q(scope=CapScope.ACCOUNT) & ~Q(ref=""),
                name="cap_of_something",
            ),
            models.CheckConstraint(condition=Q(family__in=Family.values), name="cap_family_known"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="cap_mode_known"),
            models.CheckConstraint(
                condition=Q(time_window__in=CapWindow.values), name="cap_window_known"
            ),
            models.CheckConstraint(
                condition=Q(limit_minor__gte=0, currency__regex=r"^[A-Z]{3}$"),
                name="cap_limit_is_an_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.limit}"

    @property
    def limit(self) -> Money:
        """Return how much may be spent within the window."""
        return Money(self.limit_minor, self.currency)
