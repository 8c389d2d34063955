"""What the project itself keeps: which code of an authenticator app was taken last."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class TotpCounter(models.Model):
    """The last half minute whose code a person used, so that no code is taken twice (RFC 6238 5.2).

    It outlives the app it was used with: a counter only grows.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    last_used = models.BigIntegerField(help_text="Unix time divided by the period of 30 seconds.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(last_used__gte=0), name="totp_counter_is_not_negative"
            )
        ]

    def __str__(self) -> str:
        return f"TOTP counter of user {self.user_id}"
