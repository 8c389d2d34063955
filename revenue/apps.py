"""The app's name for Django."""

from django.apps import AppConfig


class RevenueConfig(AppConfig):
    """Offers, checkout, webhooks, orders, revenue events: conducts the sale."""

    name = "revenue"
