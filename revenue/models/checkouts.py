"""Checkout Sessions and payment links: rows first, Stripe's answer after."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from kernel.leases import Leased
from kernel.modes import mode_field
from kernel.money import Money
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful
from revenue.enums import (
    CHECKOUT_MOVES,
    PAYMENT_LINK_MOVES,
    CheckoutOrigin,
    CheckoutState,
    PaymentLinkState,
)
from revenue.enums.for_operators import CHECKOUT_CLOSED, CHECKOUTS, PAYMENT_LINKS
from revenue.models.offers import Offer


class PaymentLink(Stateful, Leased):
    """One ``plink_…`` for a deal. It takes one payment.

    An operator made it, or an agent's run after a person's yes: then ``call_ref`` is the tool call,
    and the idempotency key; the router alone looks after it while it is ``unknown``, and only
    looks.
    """

    MOVES = PAYMENT_LINK_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, unique=True)
    mode = mode_field()
    state = models.CharField(
        max_length=12, choices=PaymentLinkState.choices, default=PaymentLinkState.UNKNOWN
    )
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+")
    deal = models.ForeignKey("crm.Deal", models.PROTECT, related_name="+")
    trace_ref = models.CharField(max_length=LENGTH_MAX, db_index=True)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    form_key = models.CharField(max_length=64, null=True, blank=True, unique=True)
    stripe_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    url = models.URLField(max_length=500, default="", blank=True)
    parameters = models.JSONField(help_text="The exact parameters sent to Stripe.")
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, default="", blank=True)
    next_check_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    call_ref = models.CharField(max_length=LENGTH_MAX, null=True, blank=True, unique=True)
    run_ref = models.CharField(max_length=LENGTH_MAX, default="", blank=True)
    created_at = models.DateTimeField()
    deactivated_at = models.DateTimeField(null=True, blank=True)
    off_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person asked that nobody can pay by it."
    )
    off_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=PaymentLinkState.values), name="payment_link_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=PaymentLinkState.ACTIVE) | Q(stripe_id__isnull=False),
                name="payment_link_active_only_if_stripe_knows_it",
            ),
            models.CheckConstraint(
                condition=Q(call_ref__isnull=True, run_ref="")
                | Q(call_ref__isnull=False, created_by__isnull=True) & ~Q(run_ref=""),
                name="payment_link_of_a_run_only_if_a_call_made_it",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                condition=Q(next_check_at__isnull=False),
                name="payment_link_due",
            ),
            models.Index(fields=["deal", "-id"], name="payment_link_of_deal"),
        ]

    def __str__(self) -> str:
        return f"Payment link {self.reference}"

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return PAYMENT_LINKS[self.state]

    @property
    def price(self) -> Money:
        """What the link asks for."""
        return Money(self.amount_minor, self.currency)


class CheckoutSession(Stateful, Leased):
    """One ``cs_…``: what we asked Stripe for, and what we know of the answer."""

    MOVES = CHECKOUT_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, unique=True)
    mode = mode_field()
    state = models.CharField(
        max_length=12, choices=CheckoutState.choices, default=CheckoutState.UNKNOWN
    )
    origin = models.CharField(max_length=16, choices=CheckoutOrigin.choices)
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+", null=True, blank=True)
    deal = models.ForeignKey("crm.Deal", models.PROTECT, related_name="+", null=True, blank=True)
    payment_link = models.ForeignKey(
        PaymentLink, models.PROTECT, related_name="+", null=True, blank=True
    )
    trace_ref = models.CharField(max_length=LENGTH_MAX, db_index=True)
    amount_minor = models.PositiveBigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, default="", blank=True)
    buy_key = models.CharField(max_length=64, null=True, blank=True, unique=True)
    stripe_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    url = models.TextField(default="", blank=True)
    parameters = models.JSONField(
        null=True, blank=True, help_text="The exact parameters sent to Stripe; null if not ours."
    )
    entry_page = models.CharField(max_length=200, default="", blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, default="", blank=True)
    next_check_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True
    )
    created_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    handed_off_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    close_asked_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person asked that nobody can pay it any more."
    )
    close_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=CheckoutState.values), name="checkout_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[CheckoutState.OPEN, CheckoutState.COMPLETE])
                | Q(stripe_id__isnull=False),
                name="checkout_open_only_if_stripe_knows_it",
            ),
            models.CheckConstraint(
                condition=Q(origin=CheckoutOrigin.FOREIGN) | Q(offer__isnull=False),
                name="checkout_of_ours_has_an_offer",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"],
                condition=Q(next_check_at__isnull=False),
                name="checkout_due",
            ),
            models.Index(fields=["deal", "-id"], name="checkout_of_deal"),
        ]

    def __str__(self) -> str:
        return f"Checkout {self.reference}"

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators; one that a person closed did not run out."""
        is_closed = self.state == CheckoutState.EXPIRED and self.close_asked_at is not None
        return CHECKOUT_CLOSED if is_closed else CHECKOUTS[self.state]

    @property
    def price(self) -> Money | None:
        """What we asked for; None where the session is not ours."""
        if self.amount_minor is None:
            return None
        return Money(self.amount_minor, self.currency)
