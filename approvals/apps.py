"""The app's name for Django."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """Questions to people, and their answers. No table of it exists in this version."""

    name = "approvals"
