"""The timeline: what happened with a deal, one line at a time, never rewritten."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from crm.enums import ActivityKind
from crm.models.deals import Deal
from crm.models.people import Contact
from kernel.append_only import AppendOnly
from kernel.modes import Mode, mode_field


class Activity(AppendOnly):
    """One line of the timeline. Append-only; ``key`` makes the same fact one line.

    ``refs`` holds references only (``{"order": "ord_…"}``). What people wrote is in ``words``,
    which an erasure blanks together with the salt of its digest.
    """

    ERASABLE = frozenset({"words", "words_salt"})

    reference = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=30, choices=ActivityKind.choices)
    deal = models.ForeignKey(
        Deal, on_delete=models.PROTECT, related_name="activities", db_index=False
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="activities", db_index=False
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    mode = mode_field()
    refs = models.JSONField(default=dict)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, null=True)  # both or none
    words = models.TextField(blank=True, default="", max_length=4000)
    words_salt = models.CharField(max_length=32, blank=True, default="")
    words_digest = models.CharField(max_length=64, blank=True, default="")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "activities"
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="activity_reference_unique"),
            models.UniqueConstraint(fields=["key"], name="activity_once_per_key"),
            models.CheckConstraint(
                condition=Q(kind__in=ActivityKind.values), name="activity_kind_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="activity_mode_known"),
            models.CheckConstraint(
                condition=Q(amount_minor__isnull=True, currency__isnull=True)
                | Q(amount_minor__isnull=False, currency__regex=r"^[A-Z]{3}$"),
                name="activity_amount_has_a_currency",
            ),
            models.CheckConstraint(
                condition=Q(words="") | ~Q(words_digest=""), name="activity_words_have_a_digest"
            ),
        ]
        indexes = [
            models.Index(fields=["deal", "-id"], name="activity_by_deal"),
            models.Index(fields=["contact", "-id"], name="activity_by_contact"),
        ]

    def __str__(self) -> str:
        return self.reference
