"""The app's name for Django."""

from django.apps import AppConfig

from ledger import rows


class ConsoleConfig(AppConfig):
    """The operators' pages that cut across apps: dashboard, trace, search, order."""

    name = "console"

    def ready(self) -> None:
        """Say that what was revealed on a trace is no row: a trace is a reference and no more."""
        rows.declare("audit", {"personal_data.revealed": None})
