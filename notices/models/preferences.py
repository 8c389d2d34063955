"""What one person of the team wants to be mailed, and when."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from notices.policy import UTC_NAME

ZONE_CHARS_MAX = 64


class NoticePreference(models.Model):
    """One person's choice; who has no row hears of everything, at any hour.

    ``muted`` are kinds of mails (``notices.outbox.kinds``) that may be muted. Between
    ``quiet_from`` and ``quiet_until``, by the clock of ``time_zone``, reminders wait. From
    ``deputy_from`` until ``deputy_until`` the deputy is told too.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    muted = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    time_zone = models.CharField(max_length=ZONE_CHARS_MAX, default=UTC_NAME)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    deputy_from = models.DateTimeField(null=True, blank=True)
    deputy_until = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False)
                & ~Q(quiet_from=F("quiet_until")),
                name="notice_quiet_hours_begin_and_end",
            ),
            models.CheckConstraint(
                condition=Q(
                    deputy__isnull=True, deputy_from__isnull=True, deputy_until__isnull=True
                )
                | Q(deputy__isnull=False, deputy_from__lt=F("deputy_until")),
                name="notice_deputy_stands_in_for_a_time",
            ),
            models.CheckConstraint(
                condition=Q(deputy__isnull=True) | ~Q(deputy=F("user")),
                name="notice_deputy_is_somebody_else",
            ),
        ]

    def __str__(self) -> str:
        return f"notices of user {self.user_id}"
