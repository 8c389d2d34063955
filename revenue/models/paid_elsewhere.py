"""Refunds that Stripe could not make and that were paid another way."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from kernel.append_only import AppendOnly
from kernel.modes import mode_field
from kernel.money import Money
from kernel.references import LENGTH_MAX
from revenue.enums import PaidBy
from revenue.models.orders import Order


class RefundPaidElsewhere(AppendOnly):
    """A person's word that the buyer got money back by another way than Stripe."""

    ERASABLE = frozenset({"reason"})

    reference = models.CharField(max_length=LENGTH_MAX, unique=True)
    mode = mode_field()
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds_paid_elsewhere")
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    paid_by = models.CharField(max_length=16, choices=PaidBy.choices)
    reason = models.CharField(max_length=500)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="refund_paid_elsewhere_positive"
            ),
            models.CheckConstraint(
                condition=Q(paid_by__in=PaidBy.values), name="refund_paid_elsewhere_way_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Refund {self.reference}, paid another way"

    @property
    def amount(self) -> Money:
        """What the buyer got."""
        return Money(self.amount_minor, self.currency)
