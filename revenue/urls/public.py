"""What anybody may open: offers, paying, the return page, the buyer's order."""

from __future__ import annotations

from django.urls import path

from revenue.webhooks import stripe_webhook

urlpatterns = [
    path("webhooks/stripe", stripe_webhook, name="stripe-webhook"),
    path("webhooks/stripe/", stripe_webhook),
]
