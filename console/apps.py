"""The app's name for Django."""

from django.apps import AppConfig

from console import ledger_rows
from console.alert_kinds import LATE_WORK
from console.enums import ErasureReason
from ledger import facts
from notices import kinds


class ConsoleConfig(AppConfig):
    """The operators' pages that cut across apps: dashboard, trace, search, order."""

    name = "console"

    def ready(self) -> None:
        """Say what the console alerts of, and which facts and rows its entries carry."""
        kinds.register(LATE_WORK)
        ledger_rows.declare()
        facts.allow("audit", {"reason": facts.one_of(ErasureReason.values)})
