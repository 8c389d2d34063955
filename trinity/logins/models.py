"""How often somebody did not get in."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from trinity.logins.enums import Refusal


class RefusalCount(models.Model):
    """One hour's refusals of a kind, about one person or on one page; who caused them is unknown.

    ``whose`` is ``user:7`` where the person is known whose login it was, else ``door:login``. No
    address and no typed name: those are a stranger's words.
    """

    kind = models.CharField(max_length=20, choices=Refusal)
    whose = models.CharField(max_length=60)
    hour = models.DateTimeField(help_text="The beginning of the hour, UTC.")
    times = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "kind", "whose"], name="one_refusal_count_per_hour_kind_and_whose"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=Refusal.values), name="refusal_kind_is_known"
            ),
            models.CheckConstraint(condition=Q(times__gt=0), name="refusals_were_counted"),
            models.CheckConstraint(
                condition=Q(whose__regex=r"^(user:[1-9][0-9]*|door:[a-z][a-z0-9_]*)$"),
                name="refusal_is_about_a_person_or_a_door",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.times} × {self.kind} {self.whose} at {self.hour:%Y-%m-%d %H}"


class PasswordLinkSerial(models.Model):
    """How many links to choose a password were made for a person; only the newest is good."""

    user_number = models.PositiveBigIntegerField(primary_key=True)
    serial = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"Link {self.serial} of user {self.user_number}"


class BrowserSerial(models.Model):
    """How often all browsers of a person were forgotten; what their cookies say names the number.

    Without a row never.
    """

    user_number = models.PositiveBigIntegerField(primary_key=True)
    serial = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"Browsers {self.serial} of user {self.user_number}"
