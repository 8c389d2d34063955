"""Orders and what happened to their money."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kernel.append_only import AppendOnly
from kernel.modes import mode_field
from kernel.money import Money
from kernel.references import LENGTH_MAX
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful
from revenue.enums import (
    HELD_STATES,
    ORDER_MOVES,
    OrderState,
    RevenueKind,
    ReviewReason,
    ReviewVerdict,
    Source,
)
from revenue.enums.for_operators import INQUIRY, ORDERS
from revenue.enums.stripes_words import said_by_dispute
from revenue.models.checkouts import CheckoutSession
from revenue.models.offers import Offer
from revenue.policy import DISPUTES_NOT_WAITING
from revenue.ports import BUYER_EMAIL_CHARS_MAX, BUYER_NAME_CHARS_MAX


class Order(Stateful):
    """What one completed Checkout Session bought. Its state follows from the facts beside it."""

    MOVES = ORDER_MOVES

    reference = models.CharField(max_length=LENGTH_MAX, unique=True)
    mode = mode_field()
    state = models.CharField(
        max_length=20, choices=OrderState.choices, default=OrderState.AWAITING_PAYMENT
    )
    checkout = models.OneToOneField(CheckoutSession, models.PROTECT, related_name="order")
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+", null=True, blank=True)
    deal = models.ForeignKey("crm.Deal", models.PROTECT, related_name="+", null=True, blank=True)
    contact = models.ForeignKey(
        "crm.Contact", models.PROTECT, related_name="+", null=True, blank=True
    )
    trace_ref = models.CharField(max_length=LENGTH_MAX, db_index=True)
    amount_minor = models.PositiveBigIntegerField(help_text="What Stripe says the session takes.")
    currency = models.CharField(max_length=3)
    tax_minor = models.PositiveBigIntegerField(default=0)
    buyer_email = models.CharField(max_length=BUYER_EMAIL_CHARS_MAX, default="", blank=True)
    buyer_name = models.CharField(max_length=BUYER_NAME_CHARS_MAX, default="", blank=True)
    payment_intent_id = models.CharField(max_length=255, default="", blank=True, db_index=True)
    charge_id = models.CharField(max_length=255, default="", blank=True, db_index=True)
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    payment_failed_at = models.DateTimeField(null=True, blank=True)
    refunded_minor = models.BigIntegerField(default=0)
    disputed_minor = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="What banks hold back of it for disputes, net of what came back.",
    )
    refund_owed_minor = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="What the buyer was promised back and has not got."
    )
    excess_minor = models.PositiveBigIntegerField(
        default=0,
        db_default=0,
        help_text="What went back beyond the payment, and nobody has settled.",
    )
    card_digest = models.CharField(max_length=64, default="", db_default="", blank=True)
    double_of = models.ForeignKey("self", models.PROTECT, related_name="+", null=True, blank=True)
    review_reason = models.CharField(
        max_length=20, choices=ReviewReason.choices, default="", blank=True
    )

    class Meta:
        permissions = [
            ("review_order", "Can decide about orders that need review"),
            ("refund_order", "Can start refunds"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=OrderState.values), name="order_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(
                    state__in=[
                        OrderState.PAID,
                        OrderState.PARTIALLY_REFUNDED,
                        OrderState.REFUNDED,
                        OrderState.REFUND_OWED,
                    ]
                )
                | Q(paid_at__isnull=False),
                name="order_paid_only_if_money_came",
            ),
            models.CheckConstraint(
                condition=~Q(state=OrderState.REFUND_OWED) | Q(refund_owed_minor__gt=0),
                name="order_owes_what_its_state_says",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[OrderState.AWAITING_PAYMENT, OrderState.FAILED])
                | Q(paid_at__isnull=True),
                name="order_unpaid_only_if_no_money_came",
            ),
            models.CheckConstraint(
                # All of it by Stripe, and at most as much another way.
                condition=Q(refunded_minor__gte=0) & Q(refunded_minor__lte=F("amount_minor") * 2),
                name="order_refunds_within_the_payment_each_way",
            ),
            models.CheckConstraint(
                condition=Q(excess_minor=0)
                | Q(excess_minor__lte=F("refunded_minor") - F("amount_minor")),
                name="order_excess_is_above_the_payment",
            ),
            models.CheckConstraint(
                condition=Q(disputed_minor__gte=0), name="order_disputes_bring_no_gain"
            ),
            models.UniqueConstraint(
                fields=["payment_intent_id", "mode"],
                condition=~Q(payment_intent_id=""),
                name="order_for_each_payment_once",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="order_by_state"),
            models.Index(fields=["mode", "-id"], name="order_by_mode"),
            models.Index(fields=["deal"], name="order_of_deal"),
            models.Index(fields=["contact", "-id"], name="order_of_contact"),
            models.Index(fields=["buyer_email", "-id"], name="order_by_email"),
            models.Index(fields=["-paid_at"], name="order_by_paid_at"),
            models.Index(
                fields=["-id"], condition=Q(double_of__isnull=False), name="order_second_payment"
            ),
            models.Index(fields=["-id"], condition=Q(excess_minor__gt=0), name="order_excess"),
            models.Index(fields=["card_digest"], condition=~Q(card_digest=""), name="order_card"),
        ]

    def __str__(self) -> str:
        return f"Order {self.reference}"

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators; while nothing was withdrawn the bank asks."""
        is_asked = self.state == OrderState.DISPUTED and not self.disputed_minor
        return INQUIRY if is_asked else ORDERS[self.state]

    @property
    def total(self) -> Money:
        """What the session takes, tax included."""
        return Money(self.amount_minor, self.currency)

    @property
    def is_refused(self) -> bool:
        """Whether all that is known of its money is that the bank did not make the payment."""
        return self.paid_at is None and self.payment_failed_at is not None

    @property
    def may_be_double(self) -> bool:
        """Whether it may have been paid a second time by mistake, and nobody has decided.

        Open while money of both payments is held. Reads ``double_of`` and ``double_verdict``:
        select them with a list.
        """
        if self.double_of is None or not (self.is_held and self.double_of.is_held):
            return False
        return getattr(self, "double_verdict", None) is None

    @property
    def is_held(self) -> bool:
        """Whether money of it was received and did not all go back."""
        return self.state in HELD_STATES and not self.is_given_back

    @property
    def is_given_back(self) -> bool:
        """Whether all of its money went back, by refunds or by disputes."""
        return 0 < self.amount_minor <= self.refunded_minor + self.disputed_minor

    @property
    def refund_owed(self) -> Money:
        """What the buyer was promised back and has not got."""
        return Money(self.refund_owed_minor, self.currency)

    @property
    def excess(self) -> Money:
        """What went back beyond the payment, and nobody has settled."""
        return Money(self.excess_minor, self.currency)

    @property
    def funded(self) -> Money:
        """What it brought and is still held: paid, less what was refunded and disputed.

        Below nothing where more went back than was paid.
        """
        paid_minor = self.amount_minor if self.paid_at else 0
        return Money(paid_minor - self.refunded_minor - self.disputed_minor, self.currency)

    @property
    def refundable(self) -> Money:
        """What of the payment is still held: neither refunded nor kept back by a bank."""
        held_minor = self.amount_minor - self.refunded_minor - self.disputed_minor
        return Money(max(0, held_minor), self.currency)


class OrderReview(AppendOnly):
    """A person's verdict on an order that needed one, or that it is open again.

    Each names the one that it follows, and none is followed twice: the newest one stands.
    """

    ERASABLE = frozenset({"reason"})

    order = models.ForeignKey(Order, models.PROTECT, related_name="reviews")
    follows = models.OneToOneField(
        "self", models.PROTECT, related_name="followed_by", null=True, blank=True
    )
    verdict = models.CharField(max_length=12, choices=ReviewVerdict.choices)
    reason = models.CharField(max_length=500)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=ReviewVerdict.values), name="order_review_verdict_known"
            ),
            models.CheckConstraint(
                condition=~Q(verdict=ReviewVerdict.REOPENED) | Q(follows__isnull=False),
                name="order_review_reopens_a_verdict",
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(follows__isnull=True),
                name="order_review_begins_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.verdict}"


class DoubleVerdict(AppendOnly):
    """A person's word that the buyer of a possible double payment meant to buy twice. Final."""

    ERASABLE = frozenset({"reason"})

    order = models.OneToOneField(Order, models.PROTECT, related_name="double_verdict")
    reason = models.CharField(max_length=500)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.order_id}: both were meant"


class RevenueEvent(AppendOnly):
    """One fact about money, signed as the seller sees it, at most once per provider fact."""

    reference = models.CharField(max_length=LENGTH_MAX, unique=True)
    mode = mode_field()
    order = models.ForeignKey(Order, models.PROTECT, related_name="revenue_events")
    kind = models.CharField(max_length=16, choices=RevenueKind.choices)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    fact_key = models.CharField(max_length=255, unique=True)
    stripe_object_id = models.CharField(max_length=255, db_index=True)
    event = models.ForeignKey(
        "revenue.StripeWebhookEvent", models.PROTECT, related_name="+", null=True, blank=True
    )
    source = models.CharField(max_length=12, choices=Source.choices, help_text="Who told us first.")
    trace_ref = models.CharField(max_length=LENGTH_MAX, db_index=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    exchange_rate = models.DecimalField(
        max_digits=30,
        decimal_places=15,
        null=True,
        blank=True,
        help_text="Of a dispute's movement: from the dispute's currency to this one.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[RevenueKind.PAYMENT],
                    amount_minor__gte=0,
                )
                | Q(
                    kind__in=[
                        RevenueKind.REFUND_REVERSAL,
                        RevenueKind.REFUND_RETURNED,
                        RevenueKind.DISPUTE_REVERSAL,
                    ],
                    amount_minor__gt=0,
                )
                | Q(
                    kind__in=[
                        RevenueKind.REFUND,
                        RevenueKind.REFUND_ELSEWHERE,
                        RevenueKind.DISPUTE,
                    ],
                    amount_minor__lt=0,
                )
                | Q(kind=RevenueKind.FEE),
                name="revenue_event_sign_follows_kind",
            )
        ]
        indexes = [
            # With all that a sum per day reads, so that the rows themselves stay untouched.
            models.Index(
                fields=["mode", "currency", "occurred_at"],
                include=["kind", "amount_minor"],
                name="revenue_by_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"

    @property
    def amount(self) -> Money:
        """The signed amount."""
        return Money(self.amount_minor, self.currency)


class Dispute(models.Model):
    """What we know of one dispute. Answered by people at Stripe, never by an agent."""

    stripe_id = models.CharField(max_length=255, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="disputes")
    mode = mode_field()
    status = models.CharField(max_length=40)
    reason = models.CharField(max_length=60, default="", blank=True)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    evidence_due_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()

    class Meta:
        indexes = [
            # What waits for an answer is few; the rest is history.
            models.Index(
                fields=["evidence_due_at", "-id"],
                condition=~Q(status__in=sorted(DISPUTES_NOT_WAITING)),
                name="dispute_to_answer",
            ),
            models.Index(fields=["status", "-id"], name="dispute_by_status"),
        ]

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def state_words(self) -> OperatorWords:
        """Return what Stripe's word for it says to operators."""
        return said_by_dispute(self.status)

    @property
    def title(self) -> str:
        """Return what heads its page: who asks for how much, or how it ended."""
        return self.state_words.heading.format(sum=self.amount)

    @property
    def is_to_answer(self) -> bool:
        """Whether Stripe waits for an answer to it, or says a word that we do not know."""
        return self.status not in DISPUTES_NOT_WAITING

    @property
    def is_inquiry(self) -> bool:
        """Whether the bank only asks: no money was withdrawn yet."""
        return self.status.startswith("warning_")

    @property
    def amount(self) -> Money:
        """What the buyer disputes."""
        return Money(self.amount_minor, self.currency)
