"""Requests that a program seems to have sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.db import connection, models

from crm.policy import EMAIL_CHARS_MAX, email_key
from kernel.modes import mode_field
from kernel.references import LENGTH_MAX, new_reference

ONE_KEEPER: Final = "SELECT pg_advisory_xact_lock(hashtext('crm.trapped'))"


class TrappedRequest(models.Model):
    """A request in which the field was filled in that people do not see.

    Mostly spam, and now and then somebody whose browser fills in forms: an operator can still
    rescue it. Nothing else knows of it, and it is deleted whole.
    """

    KEPT_MAX: ClassVar[int] = 200
    KEPT: ClassVar[timedelta] = timedelta(days=30)

    reference = models.CharField(max_length=LENGTH_MAX, editable=False)
    name = models.CharField(max_length=200)
    email = models.CharField(max_length=EMAIL_CHARS_MAX)
    email_key = models.CharField(max_length=EMAIL_CHARS_MAX, db_index=True)
    company = models.CharField(max_length=200)
    website = models.CharField(max_length=300, blank=True)
    wish = models.TextField(max_length=2000)
    trace_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    mode = mode_field()
    caught_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="trapped_reference_unique"),
            models.UniqueConstraint(fields=["trace_ref"], name="trapped_once_per_form"),
        ]

    def __str__(self) -> str:
        return self.reference

    @classmethod
    def keep(
        cls,
        *,
        name: str,
        email: str,
        company: str,
        website: str,
        wish: str,
        trace_ref: str,
        mode: str,
        now: datetime,
    ) -> None:
        """Keep one, once per form, and let the oldest go beyond KEPT_MAX."""
        with connection.cursor() as cursor:
            cursor.execute(ONE_KEEPER)  # two at once would both find room for one
        row = TrappedRequest(
            reference=new_reference("trp"), name=name, email=email, email_key=email_key(email),
            company=company, website=website, wish=wish, trace_ref=trace_ref, mode=mode,
            caught_at=now,
        )  # fmt: skip
        TrappedRequest.objects.bulk_create([row], ignore_conflicts=True)
        cls.forget_old(now=now)
        newest = cls.objects.order_by("-id").values("pk")[: cls.KEPT_MAX]
        cls.objects.exclude(pk__in=list(newest.values_list("pk", flat=True))).delete()

    @classmethod
    def forget_old(cls, *, now: datetime) -> int:
        """Delete what was caught longer than KEPT ago; return how many."""
        return cls.objects.filter(caught_at__lt=now - cls.KEPT).delete()[0]
