"""Refunds: asked for, at Stripe, paid another way, and what became of any above the payment."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from kernel.append_only import AppendOnly
from kernel.leases import Leased
from kernel.modes import mode_field
from kernel.money import Money
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful
from revenue.enums import REFUND_MOVES, ExcessSettledBy, PaidBy, RefundState
from revenue.enums.for_operators import REFUND_REQUESTS
from revenue.enums.stripes_words import said_by_refund
from revenue.models.orders import Order
from revenue.policy import REFUND_ARRIVES_WITHIN


class RefundRequest(Stateful, Leased):
    """A refund that a person asked for. Booked only when Stripe says it happened."""

    MOVES = REFUND_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, unique=True)
    mode = mode_field()
    order = models.ForeignKey(Order, models.PROTECT, related_name="refund_requests")
    state = models.CharField(
        max_length=12, choices=RefundState.choices, default=RefundState.UNKNOWN
    )
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=500, default="", blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    is_retry = models.BooleanField(
        default=False, db_default=False, help_text="Asked for while a failed refund was owed."
    )
    stripe_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, default="", blank=True)
    next_check_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(state__in=RefundState.values), name="refund_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Refund {self.reference}"

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return REFUND_REQUESTS[self.state]

    @property
    def amount(self) -> Money:
        """What is to go back."""
        return Money(self.amount_minor, self.currency)


class Refund(models.Model):
    """What we know of one ``re_…``, whoever started it. Money moves in revenue events only."""

    stripe_id = models.CharField(max_length=255, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds")
    mode = mode_field()
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=20)
    created_at = models.DateTimeField()
    undone_at = models.DateTimeField(
        null=True, blank=True, help_text="When it failed or was canceled; of old ones not known."
    )

    class Meta:
        indexes = [models.Index(fields=["status", "-id"], name="refund_by_status")]

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def state_words(self) -> OperatorWords:
        """Return what Stripe's word for it says to operators."""
        return said_by_refund(self.status)

    @property
    def title(self) -> str:
        """Return what heads its page: how much, and where it is."""
        return self.state_words.heading.format(sum=self.amount)

    @property
    def is_under_way(self) -> bool:
        """Whether it is begun and not settled."""
        return self.status in ("pending", "requires_action")

    @property
    def due_at(self) -> datetime:
        """By when the buyer should have it."""
        return self.created_at + REFUND_ARRIVES_WITHIN

    @property
    def amount(self) -> Money:
        """What the refund returns."""
        return Money(self.amount_minor, self.currency)


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


class ExcessSettlement(AppendOnly):
    """A person's word that the buyer returned what was refunded too much, or keeps it."""

    ERASABLE = frozenset({"reason"})

    reference = models.CharField(max_length=LENGTH_MAX, unique=True)
    mode = mode_field()
    order = models.ForeignKey(Order, models.PROTECT, related_name="excess_settlements")
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    settled_by = models.CharField(max_length=16, choices=ExcessSettledBy.choices)
    reason = models.CharField(max_length=500)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="excess_settlement_positive"
            ),
            models.CheckConstraint(
                condition=Q(settled_by__in=ExcessSettledBy.values),
                name="excess_settlement_way_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.amount} {self.settled_by}"

    @property
    def amount(self) -> Money:
        """How much of the excess is settled by it."""
        return Money(self.amount_minor, self.currency)

    @property
    def is_returned(self) -> bool:
        """Whether the money came back."""
        return self.settled_by != ExcessSettledBy.WRITTEN_OFF
