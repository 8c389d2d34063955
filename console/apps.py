"""The app's name for Django."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """The operators' pages that cut across apps: dashboard, trace, search, order."""

    name = "console"
