"""What anybody may open: offers, paying, the return page, the buyer's order."""

from __future__ import annotations

from django.urls import path

from revenue.views import buying, returning
from revenue.webhooks import stripe_webhook

urlpatterns = [
    path("", buying.offers, name="offer-list"),
    path("offers/<slug:slug>/", buying.offer, name="offer"),
    path("offers/<slug:slug>/buy/", buying.buy, name="buy"),
    path("checkout/<str:reference>/cancelled/", buying.cancelled, name="checkout-cancelled"),
    path("checkout/<str:reference>/", returning.checkout_status, name="checkout-status"),
    path("return/", returning.returned, name="return"),
    path("webhooks/stripe", stripe_webhook, name="stripe-webhook"),
    path("webhooks/stripe/", stripe_webhook),
]
