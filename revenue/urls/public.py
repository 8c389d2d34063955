"""What anybody may open: offers, paying, the return page, the buyer's order."""

from __future__ import annotations

from django.urls import path

from revenue.views import buying, deliveries, links, orders, returning
from revenue.webhooks import stripe_webhook

urlpatterns = [
    path("", buying.offers, name="offer-list"),
    path("offers/<slug:slug>/", buying.offer, name="offer"),
    path("offers/<slug:slug>/buy/", buying.buy, name="buy"),
    path("checkout/<str:reference>/cancelled/", buying.cancelled, name="checkout-cancelled"),
    path("checkout/<str:reference>/", returning.checkout_status, name="checkout-status"),
    path("return/", returning.returned, name="return"),
    path("o/<str:token>/", links.open_link, name="order-open"),
    path("order/<str:reference>/", orders.order, name="order"),
    path("order/<str:reference>/brief/", orders.brief, name="order-brief"),
    path("order/<str:reference>/receipt/", orders.receipt, name="order-receipt"),
    path("order/<str:reference>/refund-policy/", orders.policy, name="order-policy"),
    path("order/<str:reference>/snapshot/", deliveries.snapshot, name="order-snapshot"),
    path("order/<str:reference>/snapshot.pdf", deliveries.snapshot_pdf, name="order-snapshot-pdf"),
    path(
        "order/<str:reference>/snapshot/wrong/",
        deliveries.snapshot_wrong,
        name="order-snapshot-wrong",
    ),
    path("order-link/", links.ask_for_link, name="order-link"),
    path("order-link/sent/", links.link_asked, name="order-link-asked"),
    path("webhooks/stripe", stripe_webhook, name="stripe-webhook"),
    path("webhooks/stripe/", stripe_webhook),
]
