"""The app's name for Django."""

from django.apps import AppConfig


class CrmConfig(AppConfig):
    """The relationship: companies, contacts, deals and their timeline."""

    name = "crm"
