"""A paid order, taken in for work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from fulfillment.enums import FreezeReason
from kernel.modes import Mode, mode_field
from kernel.money import Money
from kernel.references import LENGTH_MAX, new_reference
from kernel.statements import insert_shaped

_OPEN: Final = """
INSERT INTO fulfillment_orderintake ({columns}) VALUES ({values})
ON CONFLICT (order_id) DO NOTHING RETURNING id, reference
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedIntake:
    """An order's intake, and whether it was opened just now."""

    id: int
    reference: str
    is_new: bool


class OrderIntake(models.Model):
    """One paid order, taken in for work: opened in the commit that records the payment.

    ``funded_minor`` is what the order brought and is still held: the absolute value, written anew
    whenever money goes back. A freeze is remembered here and not on the run, so that it holds
    whether it comes before the run exists or after. Order, offer and deal are links by name to apps
    that this one cannot see.
    """

    reference = models.CharField(max_length=LENGTH_MAX, editable=False)
    order = models.OneToOneField("revenue.Order", on_delete=models.PROTECT, related_name="+")
    order_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    offer = models.ForeignKey(
        "revenue.Offer",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    deal = models.ForeignKey("crm.Deal", on_delete=models.PROTECT, null=True, related_name="+")
    mode = mode_field()
    trace_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    project_ref = models.CharField(max_length=LENGTH_MAX, editable=False)
    # The deal, its contact and its company, as they were when it was sold.
    subject_refs = ArrayField(models.CharField(max_length=LENGTH_MAX), default=list, editable=False)
    funded_minor = models.BigIntegerField(editable=False)
    currency = models.CharField(max_length=3, editable=False)
    opened_at = models.DateTimeField(editable=False)
    run_made_at = models.DateTimeField(null=True, editable=False)
    frozen_reason = models.CharField(
        max_length=10, choices=FreezeReason.choices, blank=True, editable=False
    )
    frozen_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="intake_reference_unique"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="intake_mode_known"),
            models.CheckConstraint(condition=~Q(project_ref=""), name="intake_has_a_project"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="intake_funded_in_a_currency"
            ),
            models.CheckConstraint(
                condition=Q(frozen_reason="", frozen_at__isnull=True)
                | Q(frozen_reason__in=FreezeReason.values, frozen_at__isnull=False),
                name="intake_frozen_iff_there_is_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["trace_ref"], name="intake_by_trace"),
            models.Index(fields=["project_ref", "-id"], name="intake_by_project"),
            # What the sweep looks for: the few that have no run yet.
            models.Index(
                fields=["id"], condition=Q(run_made_at__isnull=True), name="intake_without_run"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_frozen(self) -> bool:
        """Say whether nobody may work on this order for now."""
        return self.frozen_at is not None

    def remember_freeze(self, reason: FreezeReason | None, *, now: datetime) -> None:
        """Write down why work stands still, or that it does not. The row must be locked."""
        self.frozen_reason = reason or ""
        self.frozen_at = (self.frozen_at or now) if reason else None
        self.save(update_fields=["frozen_reason", "frozen_at"])

    @property
    def funded(self) -> Money:
        """Return what the order brought and is still held."""
        return Money(self.funded_minor, self.currency)

    @classmethod
    def open_once(
        cls,
        *,
        order_id: int,
        order_ref: str,
        offer_id: int | None,
        deal_id: int | None,
        mode: str,
        trace_ref: str,
        project_ref: str,
        subjects: Sequence[str],
        funded: Money,
        now: datetime,
    ) -> OpenedIntake:
        """Open the order's one intake: one statement when new, two when it is there already."""
        row: dict[str, Any] = {
            "reference": new_reference("int"),
            "order_id": order_id,
            "order_ref": order_ref,
            "offer_id": offer_id,
            "deal_id": deal_id,
            "mode": mode,
            "trace_ref": trace_ref,
            "project_ref": project_ref,
            "subject_refs": list(subjects),
            "funded_minor": funded.amount_minor,
            "currency": funded.currency,
            "opened_at": now,
            "frozen_reason": "",
        }
        made = insert_shaped(_OPEN, row)
        if made:
            return OpenedIntake(id=made[0], reference=made[1], is_new=True)
        known = cls.objects.get(order_id=order_id)
        return OpenedIntake(id=known.pk, reference=known.reference, is_new=False)
