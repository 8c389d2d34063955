"""What a piece of work is about, in the buyer's words."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q

from fulfillment.enums import BriefFrom
from fulfillment.models.runs import AcquisitionRun
from kernel.append_only import AppendOnly
from kernel.modes import Mode, mode_field
from kernel.references import LENGTH_MAX

COMPANY_CHARS_MAX, WEBSITE_CHARS_MAX, QUESTION_CHARS_MAX = 200, 300, 2000
IS_DIGEST: Final = r"^[0-9a-f]{64}$"


class Brief(AppendOnly):
    """Which company a run is about, and which question: the newest one counts.

    The words are a person's. An erasure blanks them, with the salt of their digest.
    """

    ERASABLE = frozenset({"company", "website", "question", "salt"})

    reference = models.CharField(max_length=LENGTH_MAX)
    run = models.ForeignKey(
        AcquisitionRun, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    mode = mode_field()
    company = models.CharField(max_length=COMPANY_CHARS_MAX, blank=True)
    website = models.CharField(max_length=WEBSITE_CHARS_MAX, blank=True)
    question = models.TextField(max_length=QUESTION_CHARS_MAX, blank=True)
    salt = models.CharField(max_length=32, blank=True)
    digest = models.CharField(max_length=64)
    given_as = models.CharField(max_length=10, choices=BriefFrom.choices)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    given_at = models.DateTimeField()

    class Meta:
        permissions = [("answer_brief", "Can answer a brief for a buyer")]
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="brief_reference_unique"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="brief_mode_known"),
            models.CheckConstraint(
                condition=Q(given_as=BriefFrom.COLLEAGUE, given_by__isnull=False)
                | Q(given_as__in=[BriefFrom.BUYER, BriefFrom.LEAD], given_by__isnull=True),
                name="brief_given_by_a_colleague_or_nobody_of_ours",
            ),
            models.CheckConstraint(
                condition=Q(digest__regex=IS_DIGEST), name="brief_digest_is_sha256"
            ),
        ]
        indexes = [models.Index(fields=["run", "-id"], name="brief_by_run")]

    def __str__(self) -> str:
        return self.reference
