"""The safety settings of the account and of each project."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from kernel.money import Money
from kernel.references import LENGTH_MAX
from toolrouter.enums import POSTURES
from toolrouter.models.stoppable import Stoppable

DECIDE_H_MAX = 168  # a week
HOURS = Q(
    decide_outbound_h__range=(1, DECIDE_H_MAX),
    decide_spend_h__range=(1, DECIDE_H_MAX),
    decide_provisioning_h__range=(1, DECIDE_H_MAX),
)


class SafetySettings(Stoppable):
    """The account's one row: seeded after each migrate, changed by owners, never gone.

    ``outreach_open`` and ``spend_open`` are the account's own switches, beside the gates of the
    environment. ``funding_share_percent`` bounds what a run spends by what its order brought; None:
    caps alone decide. From ``two_people_from`` on, and in any other currency, two people decide
    about a spend; None: one does.
    """

    is_the_one = models.BooleanField(default=True, editable=False)
    outreach_open = models.BooleanField(default=False, editable=False)
    spend_open = models.BooleanField(default=False, editable=False)
    funding_share_percent = models.PositiveSmallIntegerField(null=True, editable=False)
    two_people_from_minor = models.BigIntegerField(null=True, editable=False)
    two_people_currency = models.CharField(max_length=3, blank=True, editable=False)
    decide_outbound_h = models.PositiveSmallIntegerField(default=24, editable=False)
    decide_spend_h = models.PositiveSmallIntegerField(default=24, editable=False)
    decide_provisioning_h = models.PositiveSmallIntegerField(default=24, editable=False)
    # Whoever raised a cap may not approve a spend under it for 24 hours.
    cap_raiser_waits = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name_plural = "safety settings"
        permissions = [
            ("stop_agents", "Can stop what agents do"),
            ("change_safety", "Can change safety settings, release stops and close incidents"),
            ("give_access", "Can make run tokens and add subjects to runs"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["is_the_one"], name="safety_settings_once"),
            models.CheckConstraint(condition=Q(is_the_one=True), name="safety_settings_one_row"),
            models.CheckConstraint(
                condition=Q(posture__in=[value for value, _ in POSTURES]),
                name="safety_posture_known",
            ),
            models.CheckConstraint(
                condition=Q(funding_share_percent__isnull=True)
                | Q(funding_share_percent__range=(1, 100)),
                name="safety_funding_share_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(two_people_from_minor__isnull=True, two_people_currency="")
                | Q(
                    two_people_from_minor__isnull=False,
                    two_people_from_minor__gte=0,
                    two_people_currency__regex=r"^[A-Z]{3}$",
                ),
                name="safety_two_people_from_an_amount",
            ),
            models.CheckConstraint(condition=HOURS, name="safety_decide_within_a_week"),
        ]

    def __str__(self) -> str:
        return "Account"

    @property
    def two_people_from(self) -> Money | None:
        """Return from which amount on two people decide about a spend; None: one does."""
        if self.two_people_from_minor is None:
            return None
        return Money(self.two_people_from_minor, self.two_people_currency)


class ProjectSettings(Stoppable):
    """One project's row, made with the project. The project itself is crm's."""

    project_ref = models.CharField(max_length=LENGTH_MAX, unique=True, editable=False)
    opened_at = models.DateTimeField(editable=False)

    class Meta:
        verbose_name_plural = "project settings"
        constraints = [
            models.CheckConstraint(
                condition=Q(posture__in=[value for value, _ in POSTURES]),
                name="project_posture_known",
            ),
        ]

    def __str__(self) -> str:
        return self.project_ref
