"""How far each provider was proved to work, under which key and at which address."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q

from kernel.append_only import AppendOnly
from kernel.modes import Mode, mode_field
from kernel.references import LENGTH_MAX
from toolrouter.enums import READINESS
from toolrouter.vocabulary import Readiness

TEXT_CHARS_MAX: Final = 255
VERIFIED: Final = (
    Readiness.SANDBOX_VERIFIED.value,
    Readiness.TEST_VERIFIED.value,
    Readiness.LIVE_VERIFIED.value,
)
# What was never set up has no row.
LEVELS: Final = [
    (level.value, words.badge)
    for level, words in READINESS.items()
    if level != Readiness.NOT_CONFIGURED
]
IS_DIGEST: Final = r"^[0-9a-f]{64}$"


class ProviderReadiness(AppendOnly):
    """What one test, one look or one person's word showed. The newest of a provider holds.

    It holds for its ``account``, ``address`` and key alone: whoever reads it compares them with
    those that calls go to now. Of the key there is a fingerprint under ``key_salt``, which stays
    the same for as long as the key does. ``account_ref`` and ``livemode`` are what the provider
    itself said; ``code`` is why it said nothing.
    """

    reference = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    provider = models.CharField(max_length=30, editable=False)
    level = models.CharField(max_length=20, choices=LEVELS, editable=False)
    mode = mode_field()
    account = models.CharField(max_length=TEXT_CHARS_MAX, editable=False)
    address = models.CharField(max_length=TEXT_CHARS_MAX, blank=True, editable=False)
    key_salt = models.CharField(max_length=32, blank=True, editable=False)
    key_digest = models.CharField(max_length=64, blank=True, editable=False)
    account_ref = models.CharField(max_length=TEXT_CHARS_MAX, blank=True, editable=False)
    livemode = models.BooleanField(null=True, editable=False)
    code = models.CharField(max_length=100, blank=True, editable=False)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    noted_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name_plural = "provider readiness"
        permissions = [
            ("test_provider", "Can test the connection to a provider"),
            ("attest_provider", "Can attest a provider that cannot be tested"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(level__in=[value for value, _ in LEVELS]),
                name="readiness_level_known",
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="readiness_mode_known"),
            models.CheckConstraint(
                condition=~Q(level__in=VERIFIED) & Q(account_ref="", livemode__isnull=True)
                | Q(level=Readiness.LIVE_VERIFIED.value, livemode=True, mode=Mode.LIVE)
                & ~Q(account_ref="")
                | Q(level=Readiness.TEST_VERIFIED.value, livemode=False, mode=Mode.TEST)
                & ~Q(account_ref="")
                | Q(level=Readiness.SANDBOX_VERIFIED.value, livemode=False, mode=Mode.SANDBOX)
                & ~Q(account_ref=""),
                name="readiness_verified_by_what_the_provider_said",
            ),
            models.CheckConstraint(
                condition=Q(key_salt="", key_digest="")
                | ~Q(key_salt="") & Q(key_digest__regex=IS_DIGEST),
                name="readiness_key_has_a_salt",
            ),
            models.CheckConstraint(
                condition=~Q(level__in=VERIFIED) | ~Q(key_digest=""),
                name="readiness_verified_under_a_key",
            ),
            models.CheckConstraint(
                condition=~Q(level=Readiness.ATTESTED.value) | Q(noted_by__isnull=False),
                name="readiness_attested_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(code="") | Q(level=Readiness.SECRET_STORED.value),
                name="readiness_code_only_where_nothing_was_proved",
            ),
        ]
        indexes = [models.Index(fields=["provider", "-id"], name="readiness_by_provider")]

    def __str__(self) -> str:
        return self.reference
