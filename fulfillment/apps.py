"""The app's name for Django."""

from django.apps import AppConfig


class FulfillmentConfig(AppConfig):
    """The work that a paid order asks for: intakes, runs and what happened in them."""

    name = "fulfillment"
