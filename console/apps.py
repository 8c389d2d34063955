"""The app's name for Django."""

from django.apps import AppConfig

from console import ledger_rows
from console.enums import ErasureReason
from ledger import facts


class ConsoleConfig(AppConfig):
    """The operators' pages that cut across apps: dashboard, trace, search, order."""

    name = "console"

    def ready(self) -> None:
        """Say which facts and rows the console's entries carry."""
        ledger_rows.declare()
        facts.allow("audit", {"reason": facts.one_of(ErasureReason.values)})
