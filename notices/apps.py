"""The app's name for Django."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """What leaves the house as a message: mail port, outbox, alerts."""

    name = "notices"
