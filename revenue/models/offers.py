"""What is sold, and under which ids Stripe knows it."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from kernel.modes import mode_field
from kernel.money import Money
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful
from revenue.enums import OFFER_MOVES, OfferState
from revenue.enums.for_operators import OFFERS


class Offer(Stateful):
    """One version of one offer. What was published is never edited: a change is a new version."""

    MOVES = OFFER_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, unique=True)
    state = models.CharField(max_length=12, choices=OfferState.choices, default=OfferState.DRAFT)
    slug = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    summary = models.TextField(max_length=600)
    delivered = models.TextField(max_length=2000, help_text="What the buyer gets, a line each.")
    delivered_within_days = models.PositiveSmallIntegerField(default=2)
    refund_policy = models.TextField(max_length=4000)
    refund_policy_version = models.PositiveIntegerField(default=1)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    is_public = models.BooleanField(default=True)
    is_sample = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = [
            ("manage_offers", "Can make, edit, publish and retire offers"),
            ("prepare_checkout", "Can prepare checkouts and payment links"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["slug", "version"], name="offer_version_once"),
            models.UniqueConstraint(
                fields=["slug"],
                condition=Q(state=OfferState.PUBLISHED),
                name="offer_one_published_version",
            ),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(state=OfferState.DRAFT), name="offer_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OfferState.values), name="offer_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=OfferState.DRAFT, published_at__isnull=True)
                | (~Q(state=OfferState.DRAFT) & Q(published_at__isnull=False)),
                name="offer_published_iff_it_has_a_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return OFFERS[self.state]

    @property
    def state_since(self) -> datetime:
        """Return when it came to where it stands."""
        return self.retired_at or self.published_at or self.created_at

    @property
    def price(self) -> Money:
        """The price as money."""
        return Money(self.amount_minor, self.currency)

    @property
    def delivered_lines(self) -> list[str]:
        """What the buyer gets, line by line."""
        return [line.strip() for line in self.delivered.splitlines() if line.strip()]


class OfferPrice(models.Model):
    """Under which Product and Price Stripe knows an offer version in one mode."""

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="prices")
    mode = mode_field()
    stripe_product_id = models.CharField(max_length=255, default="", blank=True)
    stripe_price_id = models.CharField(max_length=255, default="", blank=True)
    created_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)
    # How often, and when last, it had to be made anew because Stripe sold nothing at it any more.
    times_renewed = models.PositiveIntegerField(default=0)
    renewed_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When Stripe was last asked whether it sells at it."
    )
    renewed_because = models.CharField(max_length=40, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "mode"], name="offer_price_once_per_mode"),
            models.CheckConstraint(
                condition=Q(ready_at__isnull=True)
                | (~Q(stripe_product_id="") & ~Q(stripe_price_id="")),
                name="offer_price_ready_only_if_stripe_knows_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id} in {self.mode}"
