"""What people answered: one row for each answer, never rewritten."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from approvals.enums import Factor, Verdict
from approvals.models.requests import DIGEST_CHARS, IS_DIGEST, ApprovalRequest
from approvals.models.step_ups import StepUp
from kernel.append_only import AppendOnly
from kernel.references import LENGTH_MAX


class Decision(AppendOnly):
    """One person's answer to one request, and how they proved that it was theirs.

    A trigger keeps whoever asked from deciding (``approvals.guards``).
    """

    ERASABLE = frozenset({"reason", "reason_salt"})

    reference = models.CharField(max_length=LENGTH_MAX)
    request = models.ForeignKey(
        ApprovalRequest, on_delete=models.PROTECT, related_name="decisions", db_index=False
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    as_owner = models.BooleanField()
    fingerprint = models.CharField(max_length=DIGEST_CHARS)
    shown_digest = models.CharField(max_length=DIGEST_CHARS)
    factor = models.CharField(max_length=15, choices=Factor.choices, blank=True)
    step_up = models.OneToOneField(
        StepUp, on_delete=models.PROTECT, null=True, related_name="decision"
    )
    reason = models.TextField(max_length=500, blank=True)
    reason_salt = models.CharField(max_length=32, blank=True)
    reason_digest = models.CharField(max_length=DIGEST_CHARS, blank=True)
    tells_the_agent = models.BooleanField(default=False)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="decision_reference_unique"),
            models.UniqueConstraint(
                fields=["request", "person"], name="decision_one_for_each_person"
            ),
            models.CheckConstraint(
                condition=Q(verdict=Verdict.APPROVE, step_up__isnull=False)
                & Q(factor__in=Factor.values)
                | Q(verdict=Verdict.REFUSE),
                name="decision_to_approve_is_proved",
            ),
            models.CheckConstraint(
                condition=Q(fingerprint__regex=IS_DIGEST, shown_digest__regex=IS_DIGEST),
                name="decision_digests_are_sha256",
            ),
        ]
        indexes = [models.Index(fields=["person", "-id"], name="decision_by_person")]

    def __str__(self) -> str:
        return self.reference


class Revocation(AppendOnly):
    """An approval that somebody took back before it was used."""

    ERASABLE = frozenset({"reason", "reason_salt"})

    request = models.OneToOneField(
        ApprovalRequest, on_delete=models.PROTECT, related_name="revocation"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reason = models.TextField(max_length=500, blank=True)
    reason_salt = models.CharField(max_length=32, blank=True)
    reason_digest = models.CharField(max_length=DIGEST_CHARS, blank=True)
    revoked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"revocation of {self.request_id}"
