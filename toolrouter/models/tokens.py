"""The credential of one run."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kernel.references import LENGTH_MAX
from toolrouter.enums import TokenEnd
from toolrouter.models.grants import Grant
from toolrouter.planning import TOKEN_LASTS_AT_MOST


class RunToken(models.Model):
    """A secret that lets an agent act in one run. Shown once; only its SHA-256 is kept."""

    reference = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    grant = models.ForeignKey(Grant, models.PROTECT, related_name="tokens", editable=False)
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
    expires_at = models.DateTimeField(editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    end_reason = models.CharField(
        max_length=10, choices=TokenEnd.choices, blank=True, editable=False
    )
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        editable=False,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at"))
                & Q(expires_at__lte=F("made_at") + TOKEN_LASTS_AT_MOST),
                name="run_token_lasts_hours",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end_reason="")
                | Q(ended_at__isnull=False, end_reason__in=TokenEnd.values),
                name="run_token_ended_iff_there_is_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
