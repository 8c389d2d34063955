"""Who stopped what, and who let it go on."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from kernel.references import LENGTH_MAX
from toolrouter.enums import Scope
from toolrouter.models.reasons import REASON_CHARS_MAX


class Stop(models.Model):
    """Somebody stopped the account, a project or a run, until an owner released it."""

    reference = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    scope = models.CharField(max_length=10, choices=Scope.choices, editable=False)
    ref = models.CharField(max_length=LENGTH_MAX, blank=True, editable=False)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    stopped_at = models.DateTimeField(editable=False)
    reason = models.CharField(max_length=REASON_CHARS_MAX, blank=True, editable=False)
    reason_salt = models.CharField(max_length=32, blank=True, editable=False)
    reason_digest = models.CharField(max_length=64, editable=False)
    tokens_ended = models.PositiveIntegerField(editable=False)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    released_at = models.DateTimeField(null=True, editable=False)
    release_reason = models.CharField(max_length=REASON_CHARS_MAX, blank=True, editable=False)
    release_reason_salt = models.CharField(max_length=32, blank=True, editable=False)
    release_reason_digest = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="stop_scope_known"),
            models.CheckConstraint(
                condition=Q(scope=Scope.ACCOUNT, ref="") | ~Q(scope=Scope.ACCOUNT) & ~Q(ref=""),
                name="stop_of_something",
            ),
            models.UniqueConstraint(
                fields=["scope", "ref"],
                condition=Q(released_at__isnull=True),
                name="stop_once_until_released",
            ),
        ]
        indexes = [models.Index(fields=["scope", "ref", "-id"], name="stop_by_scope")]

    def __str__(self) -> str:
        return self.reference
