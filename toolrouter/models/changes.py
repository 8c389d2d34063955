"""The history of the safety settings."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from kernel.append_only import AppendOnly
from kernel.references import LENGTH_MAX
from toolrouter.enums import Scope, Setting
from toolrouter.models.caps import SpendCap
from toolrouter.models.reasons import REASON_CHARS_MAX

NOTHING = "none"  # what a setting was that nobody had set


class SafetyChange(AppendOnly):
    """One setting, what it was and what it is: who changed it and why. Nobody: the system itself.

    ``old_value`` and ``new_value`` are code words, ``on`` and ``off``, whole numbers (amounts in
    minor units of ``currency``), or ``none``.
    """

    ERASABLE = frozenset({"reason", "reason_salt"})

    reference = models.CharField(max_length=LENGTH_MAX)
    scope = models.CharField(max_length=10, choices=Scope.choices)
    ref = models.CharField(max_length=LENGTH_MAX, blank=True)
    setting = models.CharField(max_length=30, choices=Setting.choices)
    cap = models.ForeignKey(SpendCap, models.PROTECT, null=True, related_name="+")
    old_value = models.CharField(max_length=20)
    new_value = models.CharField(max_length=20)
    currency = models.CharField(max_length=3, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    changed_at = models.DateTimeField()
    reason = models.CharField(max_length=REASON_CHARS_MAX, blank=True)
    reason_salt = models.CharField(max_length=32, blank=True)
    reason_digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="safety_change_reference_unique"),
            models.CheckConstraint(
                condition=Q(setting__in=Setting.values), name="safety_change_setting_known"
            ),
            models.CheckConstraint(
                condition=Q(scope__in=Scope.values), name="safety_change_scope_known"
            ),
            models.CheckConstraint(
                condition=Q(setting=Setting.CAP, cap__isnull=False)
                | ~Q(setting=Setting.CAP) & Q(cap__isnull=True),
                name="safety_change_of_a_cap_names_it",
            ),
        ]
        indexes = [models.Index(fields=["scope", "ref", "-id"], name="safety_change_by_scope")]

    def __str__(self) -> str:
        return self.reference
