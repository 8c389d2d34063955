"""What one run may do, and about whom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from kernel.append_only import AppendOnly
from kernel.modes import Mode, mode_field
from kernel.money import Money
from kernel.references import LENGTH_MAX
from toolrouter.enums import POSTURES, RUN_KINDS
from toolrouter.models.settings import ProjectSettings
from toolrouter.models.stoppable import Stoppable
from toolrouter.planning import CODE_CHARS_MAX


class Grant(Stoppable):
    """What one run may do: within its project and mode, until it expires, ends or is stopped.

    ``funded_minor`` is what its order brought and is still held: paid, less what was refunded and
    disputed. Frozen: its work stands still for now. ``run_code`` is what people and agents call
    the run; no two runs that are open have the same.
    """

    reference = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    run_ref = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    run_code = models.CharField(max_length=CODE_CHARS_MAX, editable=False)
    project = models.ForeignKey(
        ProjectSettings,
        models.PROTECT,
        to_field="project_ref",
        db_column="project_ref",
        related_name="+",
        db_index=False,
        editable=False,
    )
    kind = models.CharField(max_length=12, choices=RUN_KINDS, editable=False)
    mode = mode_field()
    trace_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    funded_minor = models.BigIntegerField(default=0, editable=False)
    currency = models.CharField(max_length=3, editable=False)
    opened_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(editable=False)
    frozen_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run_code"],
                condition=Q(ended_at__isnull=True),
                name="grant_code_of_one_run",
            ),
            models.CheckConstraint(
                condition=Q(run_code__regex=r"^[0-9A-HJKMNP-TV-Z]{4,8}$"),
                name="grant_code_is_short",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[value for value, _ in RUN_KINDS]), name="grant_kind_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="grant_mode_known"),
            models.CheckConstraint(
                condition=Q(posture__in=[value for value, _ in POSTURES]),
                name="grant_posture_known",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="grant_funded_in_a_currency"
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-id"], name="grant_by_project"),
            models.Index(
                fields=["-id"], condition=Q(stopped_at__isnull=False), name="grant_stopped"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def project_ref(self) -> str:
        """Return the reference of its project."""
        return self.project_id

    @property
    def funded(self) -> Money:
        """Return what its order brought and is still held; what went back beyond it counts too."""
        return Money(self.funded_minor, self.currency)


class GrantSubject(AppendOnly):
    """One deal, contact or company that a run may know of; who added it (None: it is its own)."""

    reference = models.CharField(max_length=LENGTH_MAX)
    grant = models.ForeignKey(Grant, models.PROTECT, related_name="subjects", db_index=False)
    subject_ref = models.CharField(max_length=LENGTH_MAX)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="subject_reference_unique"),
            models.UniqueConstraint(
                fields=["grant", "subject_ref"], name="subject_once_for_each_grant"
            ),
        ]
        indexes = [models.Index(fields=["subject_ref"], name="subject_by_ref")]

    def __str__(self) -> str:
        return self.subject_ref
