"""The app's name for Django."""

from django.apps import AppConfig

from console.enums import ErasureReason
from ledger import facts, rows


class ConsoleConfig(AppConfig):
    """The operators' pages that cut across apps: dashboard, trace, search, order."""

    name = "console"

    def ready(self) -> None:
        """Say that what was revealed on a trace is no row, and why somebody may be erased."""
        rows.declare("audit", {"personal_data.revealed": None})  # a trace is a reference, no more
        facts.allow("audit", {"reason": facts.one_of(ErasureReason.values)})
