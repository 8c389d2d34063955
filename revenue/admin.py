"""revenue in the admin: to look at. Money moves on the console's pages, where it is audited.

Raw bodies, keys that open something, and what names a buyer to people who may not know, stay out
of sight.
"""

from __future__ import annotations

from typing import ClassVar, Final

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from kernel.admin import LookOnlyAdmin
from revenue.models import (
    BuyerMail,
    CheckoutSession,
    Dispute,
    DoubleVerdict,
    EventAlarm,
    EventClosing,
    EventRendering,
    EventRepeat,
    ExcessSettlement,
    Offer,
    OfferPrice,
    OfferViews,
    Order,
    OrderLink,
    OrderLinkRequest,
    OrderNote,
    OrderReview,
    PaymentLink,
    ReconcileRun,
    Refund,
    RefundPaidElsewhere,
    RefundRequest,
    RefusedDeliveries,
    RevenueEvent,
    StripeWebhookEvent,
    WebhookAttempt,
)

SEES_PEOPLE: Final = "crm.view_contact"
# Wherever a column is called so: who somebody is, or what somebody wrote.
PERSONAL: Final = frozenset(
    {"buyer_email", "buyer_name", "email", "parameters", "reason", "to_address", "words"}
)


class RevenueAdmin(LookOnlyAdmin):
    """All columns but bytes and secrets; a buyer's own only for those who may see contacts."""

    secret: ClassVar[tuple[str, ...]] = ()
    ordering = ("-id",)

    def get_fields(self, request: HttpRequest, *_: object) -> tuple[str, ...]:
        """Return the columns to show."""
        hidden = {*self.secret, *(() if request.user.has_perm(SEES_PEOPLE) else PERSONAL)}
        return tuple(
            field.name
            for field in self.opts.fields
            if field.name not in hidden and not isinstance(field, models.BinaryField)
        )


@admin.register(Offer)
class OfferAdmin(RevenueAdmin):
    """What is sold, version by version."""

    list_display = ("reference", "title", "version", "state", "amount_minor", "currency")
    list_filter = ("state",)
    search_fields = ("=reference", "=slug")


@admin.register(OfferPrice)
class OfferPriceAdmin(RevenueAdmin):
    """How Stripe calls an offer, by mode."""

    list_display = ("offer", "mode", "stripe_product_id", "stripe_price_id", "ready_at")
    list_filter = ("mode",)
    list_select_related = ("offer",)


@admin.register(PaymentLink)
class PaymentLinkAdmin(RevenueAdmin):
    """Links that operators made from deals."""

    secret = ("form_key",)
    list_display = ("reference", "state", "mode", "amount_minor", "currency", "created_at", "trace")
    list_filter = ("state", "mode")
    search_fields = ("=reference", "=stripe_id", "=trace_ref")


@admin.register(CheckoutSession)
class CheckoutSessionAdmin(RevenueAdmin):
    """Hosted pages that were opened."""

    secret = ("buy_key", "url")
    list_display = ("reference", "state", "origin", "mode", "amount_minor", "currency", "trace")
    list_filter = ("state", "origin", "mode")
    search_fields = ("=reference", "=stripe_id", "=trace_ref")


@admin.register(StripeWebhookEvent)
class StripeWebhookEventAdmin(RevenueAdmin):
    """What Stripe told us; the bodies are on the inspector, masked."""

    list_display = ("stripe_id", "type", "state", "mode", "attempts", "received_at", "trace")
    list_filter = ("state", "mode")
    search_fields = ("=stripe_id", "=object_id", "=trace_ref")


@admin.register(WebhookAttempt)
class WebhookAttemptAdmin(RevenueAdmin):
    """Each time an event was worked on."""

    list_display = ("id", "event", "source", "outcome", "error_class", "duration_ms", "started_at")
    list_filter = ("source", "outcome")
    list_select_related = ("event",)
    search_fields = ("=event__stripe_id",)


@admin.register(EventAlarm)
class EventAlarmAdmin(RevenueAdmin):
    """Known event ids that came with other content."""

    list_display = ("id", "event", "body_sha256", "received_at")
    list_select_related = ("event",)
    search_fields = ("=event__stripe_id",)


@admin.register(EventRendering)
class EventRenderingAdmin(RevenueAdmin):
    """Events that came again in a version that we read."""

    list_display = ("id", "event", "api_version", "received_at")
    list_select_related = ("event",)
    search_fields = ("=event__stripe_id",)


@admin.register(EventClosing)
class EventClosingAdmin(RevenueAdmin):
    """Events that a person closed without acting on them."""

    list_display = ("event", "closed_by", "closed_at")
    list_select_related = ("event", "closed_by")
    search_fields = ("=event__stripe_id",)


@admin.register(EventRepeat)
class EventRepeatAdmin(RevenueAdmin):
    """How often known events were delivered again."""

    ordering = ("-event",)
    list_display = ("event", "times", "last_at")
    list_select_related = ("event",)
    search_fields = ("=event__stripe_id",)


@admin.register(RefusedDeliveries)
class RefusedDeliveriesAdmin(RevenueAdmin):
    """How often the webhook's door refused, by hour and reason."""

    list_display = ("hour", "reason", "times", "first_at", "last_at")
    list_filter = ("reason",)


@admin.register(Order)
class OrderAdmin(RevenueAdmin):
    """One per completed checkout."""

    secret = ("card_digest",)
    list_display = ("reference", "state", "mode", "amount_minor", "currency", "placed_at", "trace")
    list_filter = ("state", "mode")
    search_fields = ("=reference", "=payment_intent_id", "=charge_id", "=trace_ref")


@admin.register(OrderReview)
class OrderReviewAdmin(RevenueAdmin):
    """What people decided about an order; the newest one stands."""

    list_display = ("order", "verdict", "decided_by", "decided_at")
    list_filter = ("verdict",)
    list_select_related = ("order", "decided_by")
    search_fields = ("=order__reference",)


@admin.register(DoubleVerdict)
class DoubleVerdictAdmin(RevenueAdmin):
    """Second payments of which a person said that the buyer meant them."""

    list_display = ("order", "decided_by", "decided_at")
    list_select_related = ("order", "decided_by")
    search_fields = ("=order__reference",)


@admin.register(RevenueEvent)
class RevenueEventAdmin(RevenueAdmin):
    """Money that came or went, signed."""

    list_display = ("reference", "kind", "mode", "amount_minor", "currency", "occurred_at", "trace")
    list_filter = ("kind", "mode")
    search_fields = ("=reference", "=fact_key", "=stripe_object_id", "=trace_ref")


@admin.register(RefundRequest)
class RefundRequestAdmin(RevenueAdmin):
    """Refunds that a person asked Stripe for."""

    list_display = ("reference", "state", "mode", "amount_minor", "currency", "requested_at")
    list_filter = ("state", "mode")
    search_fields = ("=reference", "=stripe_id", "=order__reference")


@admin.register(RefundPaidElsewhere)
class RefundPaidElsewhereAdmin(RevenueAdmin):
    """Refunds that a person said were paid another way than by Stripe."""

    list_display = ("reference", "order", "paid_by", "mode", "amount_minor", "currency")
    list_filter = ("paid_by", "mode")
    list_select_related = ("order",)
    search_fields = ("=reference", "=order__reference")


@admin.register(ExcessSettlement)
class ExcessSettlementAdmin(RevenueAdmin):
    """What became of refunds above the payment."""

    list_display = ("reference", "order", "settled_by", "mode", "amount_minor", "currency")
    list_filter = ("settled_by", "mode")
    list_select_related = ("order",)
    search_fields = ("=reference", "=order__reference")


@admin.register(Refund)
class RefundAdmin(RevenueAdmin):
    """Refunds as Stripe has them."""

    list_display = ("stripe_id", "order", "status", "mode", "amount_minor", "currency")
    list_filter = ("status", "mode")
    list_select_related = ("order",)
    search_fields = ("=stripe_id", "=order__reference")


@admin.register(Dispute)
class DisputeAdmin(RevenueAdmin):
    """Disputes as Stripe has them."""

    list_display = ("stripe_id", "order", "status", "mode", "amount_minor", "evidence_due_at")
    list_filter = ("status", "mode")
    list_select_related = ("order",)
    search_fields = ("=stripe_id", "=order__reference")


@admin.register(OrderNote)
class OrderNoteAdmin(RevenueAdmin):
    """What the team wrote down about orders."""

    list_display = ("order", "about", "written_by", "written_at")
    list_select_related = ("order", "written_by")
    search_fields = ("=order__reference", "=about")


@admin.register(OrderLink)
class OrderLinkAdmin(RevenueAdmin):
    """Links that open a buyer's order; the tokens are nowhere."""

    secret = ("token_sha256",)
    list_display = ("id", "checkout", "made_for", "created_at", "revoked_at", "revoked_by")
    list_select_related = ("checkout", "revoked_by")
    search_fields = ("=checkout__reference",)


@admin.register(BuyerMail)
class BuyerMailAdmin(RevenueAdmin):
    """The outbox."""

    list_display = ("reference", "kind", "state", "mode", "attempts", "queued_at", "sent_at")
    list_filter = ("state", "kind", "mode")
    search_fields = ("=reference", "=order__reference")


@admin.register(OrderLinkRequest)
class OrderLinkRequestAdmin(RevenueAdmin):
    """Who asked for a link and waits for it."""

    list_display = ("id", "requested_at")


@admin.register(ReconcileRun)
class ReconcileRunAdmin(RevenueAdmin):
    """Comparisons of our books with Stripe's."""

    list_display = ("id", "mode", "started_at", "finished_at", "lines_compared", "error_class")
    list_filter = ("mode",)


@admin.register(OfferViews)
class OfferViewsAdmin(RevenueAdmin):
    """How often offers were seen, per version, mode and day."""

    list_display = ("offer", "mode", "day", "times")
    list_filter = ("mode",)
    list_select_related = ("offer",)
