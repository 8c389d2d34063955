"""Tables of the sale."""

from revenue.models.checkouts import CheckoutSession, PaymentLink
from revenue.models.events import (
    EventAlarm,
    EventClosing,
    EventRendering,
    EventRepeat,
    RefusedDeliveries,
    StripeWebhookEvent,
    WebhookAttempt,
)
from revenue.models.mails import BuyerMail, OrderLink, OrderLinkRequest
from revenue.models.notes import OrderNote
from revenue.models.offers import Offer, OfferPrice
from revenue.models.orders import (
    Dispute,
    DoubleVerdict,
    Order,
    OrderReview,
    RevenueEvent,
)
from revenue.models.reconciling import ReconcileRun
from revenue.models.refunds import (
    ExcessSettlement,
    Refund,
    RefundPaidElsewhere,
    RefundRequest,
)
from revenue.models.views import OfferViews

__all__ = [
    "BuyerMail",
    "CheckoutSession",
    "Dispute",
    "DoubleVerdict",
    "EventAlarm",
    "EventClosing",
    "EventRendering",
    "EventRepeat",
    "ExcessSettlement",
    "Offer",
    "OfferPrice",
    "OfferViews",
    "Order",
    "OrderLink",
    "OrderLinkRequest",
    "OrderNote",
    "OrderReview",
    "PaymentLink",
    "ReconcileRun",
    "Refund",
    "RefundPaidElsewhere",
    "RefundRequest",
    "RefusedDeliveries",
    "RevenueEvent",
    "StripeWebhookEvent",
    "WebhookAttempt",
]
