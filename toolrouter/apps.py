"""The app's name for Django."""

from django.apps import AppConfig


class ToolrouterConfig(AppConfig):
    """Every tool call and every cent an agent spends. No table of it exists in this version."""

    name = "toolrouter"
