"""What operators must know."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from kernel.modes import Mode, mode_field
from kernel.money import Money
from kernel.references import LENGTH_MAX
from notices import kinds
from notices.enums import ToldAs
from notices.kinds import Kind, Matter
from notices.models.outgoing import OutgoingMail


class OperatorAlert(models.Model):
    """Something operators are told once, by mail and on the dashboard, until it is done with."""

    reference = models.CharField(max_length=LENGTH_MAX, unique=True)
    kind = models.CharField(max_length=kinds.NAME_CHARS_MAX, choices=kinds.choices)
    # Both hold ids of vendors whole, which may have 255 characters; an item adds some of ours.
    item = models.CharField(max_length=320, help_text="What it is about; once per item.")
    subject = models.CharField(max_length=255, help_text="The reference a person opens.")
    facts = models.JSONField(default=dict)
    mode = mode_field()
    raised_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    told_as = models.CharField(max_length=8, choices=ToldAs.choices, default="", blank=True)
    mail = models.ForeignKey(
        OutgoingMail,
        models.SET_NULL,
        related_name="alerts",
        null=True,
        blank=True,
        help_text="The letter that tells it, or tried to; empty until its turn comes.",
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        help_text="Who dismissed it; empty where what it was about ended by itself.",
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )

    class Meta:
        db_table = "revenue_operatoralert"  # the app it was first in: docs/adr/0026
        permissions = [
            ("view_alert", "Can view alerts"),
            ("tend_alert", "Can dismiss, snooze and assign alerts"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_by__isnull=True) | Q(closed_at__isnull=False),
                name="operator_alert_dismissed_only_if_closed",
            ),
            models.UniqueConstraint(fields=["kind", "item"], name="operator_alert_once_per_item"),
        ]
        indexes = [
            models.Index(
                fields=["raised_at"],
                condition=Q(told_at__isnull=True, closed_at__isnull=True),
                name="alert_untold",
            ),
            models.Index(fields=["-id"], condition=Q(closed_at__isnull=True), name="alert_open"),
            models.Index(
                fields=["-id"], condition=Q(closed_by__isnull=False), name="alert_dismissed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.item}"

    @property
    def of_kind(self) -> Kind:
        """Return what was registered of its kind."""
        return kinds.kind_of(self.kind)

    @property
    def matter(self) -> Matter:
        """Return what it is about, for whoever registered its kind."""
        return Matter(
            kind=self.kind,
            item=self.item,
            subject=self.subject,
            facts=self.facts,
            mode=Mode(self.mode),
        )

    @property
    def about(self) -> str:
        """Return what people call its subject."""
        return str(self.facts.get(self.of_kind.named_by, self.subject))

    @property
    def amount(self) -> Money | None:
        """Return how much money it is about; None where it is about none, or about how much."""
        minor, currency = self.facts.get("amount_minor"), self.facts.get("currency")
        return Money(int(minor), str(currency)) if minor is not None and currency else None
