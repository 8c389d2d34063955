"""What a person has to look into before agents go on."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from kernel.references import LENGTH_MAX
from toolrouter.enums import IncidentKind, Scope
from toolrouter.models.reasons import REASON_CHARS_MAX


class Incident(models.Model):
    """It holds the account, a project or a run from its opening until an owner closes it.

    ``about_ref`` is the record that it is about, where there is one (a tool call, a purchase).
    """

    reference = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    kind = models.CharField(max_length=20, choices=IncidentKind.choices, editable=False)
    scope = models.CharField(max_length=10, choices=Scope.choices, editable=False)
    ref = models.CharField(max_length=LENGTH_MAX, blank=True, editable=False)
    about_ref = models.CharField(max_length=LENGTH_MAX, blank=True, editable=False)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    opened_at = models.DateTimeField(editable=False)
    reason = models.CharField(max_length=REASON_CHARS_MAX, blank=True, editable=False)
    reason_salt = models.CharField(max_length=32, blank=True, editable=False)
    reason_digest = models.CharField(max_length=64, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    closed_at = models.DateTimeField(null=True, editable=False)
    close_reason = models.CharField(max_length=REASON_CHARS_MAX, blank=True, editable=False)
    close_reason_salt = models.CharField(max_length=32, blank=True, editable=False)
    close_reason_digest = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=IncidentKind.values), name="incident_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(scope__in=Scope.values), name="incident_scope_known"
            ),
            models.CheckConstraint(
                condition=Q(scope=Scope.ACCOUNT, ref="") | ~Q(scope=Scope.ACCOUNT) & ~Q(ref=""),
                name="incident_of_something",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="incident_closed_iff_somebody_closed_it",
            ),
        ]
        indexes = [
            models.Index(fields=["scope", "ref", "-id"], name="incident_by_scope"),
            models.Index(fields=["-id"], condition=Q(closed_at__isnull=True), name="incident_open"),
        ]

    def __str__(self) -> str:
        return self.reference
