"""The proof that a person gives with one decision: asked once, answered once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from approvals.enums import Factor
from approvals.models.requests import DIGEST_CHARS, IS_DIGEST, ApprovalRequest


class StepUp(models.Model):
    """The challenge for one person, one request and one shown digest, and what answered it.

    A passkey signs ``challenge`` itself, which is a hash of the request, what was shown and
    ``nonce``; its answer is kept as it came, so that the signature can be verified for ever. Of a
    code or a password nothing is kept but that it was right.
    """

    request = models.ForeignKey(
        ApprovalRequest, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    shown_digest = models.CharField(max_length=DIGEST_CHARS)
    session_digest = models.CharField(max_length=DIGEST_CHARS)
    nonce = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    factor = models.CharField(max_length=15, choices=Factor.choices, blank=True)
    evidence = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["request", "person", "shown_digest", "session_digest"],
                name="step_up_one_for_each_shown_page",
            ),
            models.CheckConstraint(
                condition=Q(shown_digest__regex=IS_DIGEST, session_digest__regex=IS_DIGEST),
                name="step_up_digests_are_sha256",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True, factor="", evidence__isnull=True)
                | (Q(used_at__isnull=False) & ~Q(factor="")),
                name="step_up_used_iff_it_has_a_factor",
            ),
        ]

    def __str__(self) -> str:
        return f"step-up of {self.request_id}"
