"""The inbox: what Stripe told us, byte for byte, and each attempt to act on it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import connection, models
from django.db.models import Q

from kernel.append_only import AppendOnly
from kernel.leases import Leased
from kernel.modes import Mode, mode_field
from kernel.state_words import OperatorWords
from kernel.transitions import Stateful
from ledger.facts import REF
from revenue.enums import EVENT_MOVES, EventState, Outcome, Refusal, Source
from revenue.enums.for_operators import EVENTS


class StripeWebhookEvent(Stateful, Leased):
    """One Event of Stripe's, filed once per id, before anything is done about it.

    ``body`` holds the raw bytes as they came; it can be emptied (after BODY_KEPT_DAYS, or for one
    person) while id, digest and everything derived stay.
    """

    MOVES = EVENT_MOVES

    stripe_id = models.CharField(max_length=255)
    type = models.CharField(max_length=100)
    object_id = models.CharField(max_length=255, default="", blank=True)
    api_version = models.CharField(max_length=40, default="", blank=True)
    account = models.CharField(max_length=255, default="", blank=True)
    livemode = models.BooleanField()
    mode = mode_field()
    body = models.BinaryField(null=True)
    body_sha256 = models.CharField(max_length=64)
    fact_sha256 = models.CharField(
        max_length=64,
        default="",
        blank=True,
        help_text="Of (id, type, livemode, account, data.object); filled when the body is emptied.",
    )
    state = models.CharField(max_length=12, choices=EventState.choices, default=EventState.RECEIVED)
    is_listed = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Listed by Stripe, not delivered: its object is read anew, at our version.",
    )
    attempts = models.PositiveIntegerField(default=0)
    waits_for = models.CharField(max_length=255, default="", blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    error_class = models.CharField(max_length=100, default="", blank=True)
    error = models.CharField(max_length=300, default="", blank=True)
    stripe_created_at = models.DateTimeField()
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    emptied_at = models.DateTimeField(null=True, blank=True)
    trace_ref = models.CharField(max_length=40, default="", blank=True)
    order = models.ForeignKey(
        "revenue.Order",
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,  # partial indexes below: at the door these columns are still empty
    )

    class Meta:
        permissions = [("replay_webhook", "Can replay Stripe events")]
        constraints = [
            # Not unique=True: Django would add a second index for LIKE, paid for at the door.
            models.UniqueConstraint(fields=["stripe_id"], name="webhook_event_filed_once"),
            models.CheckConstraint(
                condition=Q(state__in=EventState.values), name="webhook_event_state_known"
            ),
            models.CheckConstraint(
                condition=Q(livemode=True, mode=Mode.LIVE)
                | Q(livemode=False, mode__in=[Mode.TEST, Mode.SANDBOX, Mode.SAMPLE])
                # livemode from a base address that is not Stripe's: filed, never acted on
                | Q(livemode=True, mode=Mode.SANDBOX),
                name="webhook_event_mode_is_stripes_word",
            ),
            models.CheckConstraint(
                condition=Q(body__isnull=False, emptied_at__isnull=True)
                | Q(body__isnull=True, emptied_at__isnull=False),
                name="webhook_event_emptied_iff_it_has_a_date",
            ),
        ]
        indexes = [
            # The sweep's work list: short, because what is settled leaves it.
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(
                    state__in=[
                        EventState.RECEIVED,
                        EventState.PROCESSING,
                        EventState.WAITING,
                        EventState.FAILED,
                    ]
                ),
                name="webhook_event_due",
            ),
            models.Index(
                fields=["waits_for"], condition=~Q(waits_for=""), name="webhook_event_waits"
            ),
            models.Index(
                fields=["trace_ref"], condition=~Q(trace_ref=""), name="webhook_event_by_trace"
            ),
            models.Index(
                fields=["order"], condition=Q(order__isnull=False), name="webhook_event_by_order"
            ),
            models.Index(fields=["object_id"], name="webhook_event_by_object"),
            models.Index(fields=["state", "-id"], name="webhook_event_by_state"),
            models.Index(fields=["type", "-id"], name="webhook_event_by_type"),
            models.Index(
                fields=["received_at"],
                condition=Q(emptied_at__isnull=True),
                name="webhook_event_body_age",
            ),
        ]

    def __str__(self) -> str:
        return self.stripe_id

    @property
    def state_words(self) -> OperatorWords:
        """Return what its state says to operators."""
        return EVENTS[self.state]

    @property
    def ledger_ref(self) -> str:
        """Return what the ledger calls this event: Stripe's id, or its number for an odd id."""
        return self.stripe_id if REF.read(self.stripe_id) else f"event:{self.pk}"


class WebhookAttempt(AppendOnly):
    """One attempt to act on one event."""

    event = models.ForeignKey(StripeWebhookEvent, models.PROTECT, related_name="attempt_rows")
    source = models.CharField(max_length=12, choices=Source.choices)
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    error_class = models.CharField(max_length=100, default="", blank=True)
    error = models.CharField(max_length=300, default="", blank=True)

    def __str__(self) -> str:
        return f"{self.event_id}: {self.outcome}"


class EventRepeat(models.Model):
    """How often a known event was delivered again.

    Beside the event, and without a foreign key in the database: the door must neither wait for a
    row that a worker holds, nor keep it from one.
    """

    event = models.OneToOneField(
        StripeWebhookEvent,
        models.PROTECT,
        primary_key=True,
        related_name="repeat",
        db_constraint=False,
    )
    times = models.PositiveIntegerField()
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.event_id} came again"

    @classmethod
    def count(cls, event_id: int, *, now: datetime) -> None:
        """Count one more delivery, in one statement."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO revenue_eventrepeat AS known (event_id, times, last_at)"
                " VALUES (%s, 1, %s) ON CONFLICT (event_id) DO UPDATE SET"
                " times = known.times + 1, last_at = greatest(known.last_at, EXCLUDED.last_at)",
                [event_id, now],
            )


class EventAlarm(AppendOnly):
    """A known event id that came again with another object: kept, never acted on."""

    ERASABLE = frozenset({"body"})

    event = models.ForeignKey(StripeWebhookEvent, models.PROTECT, related_name="alarms")
    body = models.BinaryField(null=True)
    body_sha256 = models.CharField(max_length=64)
    fact_sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "fact_sha256"], name="event_alarm_once_per_content"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_id} came with other content"


class EventRendering(AppendOnly):
    """A known event that came again in a version we read, where its first one cannot be read.

    Stripe renders an event once for each version that an endpoint is pinned to. What is acted on is
    what can be read; the event itself keeps the bytes that came first.
    """

    ERASABLE = frozenset({"body"})

    event = models.ForeignKey(StripeWebhookEvent, models.PROTECT, related_name="renderings")
    api_version = models.CharField(max_length=40)
    body = models.BinaryField(null=True)
    body_sha256 = models.CharField(max_length=64)
    fact_sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "api_version"], name="event_rendering_once_per_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_id} at {self.api_version}"


class RefusedDeliveries(models.Model):
    """How often the door refused within an hour, for one reason. Nothing of what was sent."""

    hour = models.DateTimeField()
    reason = models.CharField(max_length=12, choices=Refusal.choices)
    times = models.PositiveBigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "refused deliveries"
        constraints = [
            models.UniqueConstraint(fields=["hour", "reason"], name="refusals_counted_by_hour"),
            models.CheckConstraint(
                condition=Q(reason__in=Refusal.values), name="refusal_reason_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h {self.reason}"


class EventClosing(AppendOnly):
    """A person's word that nothing is to be done about an event, and why.

    An event that is replayed later, and is dead once more, may be closed once more.
    """

    ERASABLE = frozenset({"reason"})

    event = models.ForeignKey(StripeWebhookEvent, models.PROTECT, related_name="closings")
    reason = models.CharField(max_length=500)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    closed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.event_id} closed without acting"
