"""The app's name for Django."""

from django.apps import AppConfig
from django.utils.module_loading import import_string

from kernel import due_work, erasure, guards, leased_work, waiting_list
from ledger import facts
from notices import ledger_rows
from notices.due_work import ALERTS, TEAM_MAILS
from notices.guards import PROMISES
from notices.outbox import kinds


class NoticesConfig(AppConfig):
    """What leaves the house as a message: mail port, outbox, alerts."""

    name = "notices"

    def ready(self) -> None:
        """Say what stands, what may lag, and which facts and rows the entries of alerts carry."""
        guards.register(*PROMISES)
        due_work.register(ALERTS, TEAM_MAILS)
        # These look at models, which are loaded only now.
        leased_work.register(*import_string("notices.leased_work.LEASED_WORK"))
        waiting_list.register(import_string("notices.queries.waiting.ALERTS"))
        erasure.register(import_string("notices.erasure.ERASER"))
        kinds.register(import_string("notices.deputies.KIND"))
        ledger_rows.declare()
        facts.allow(
            "audit",
            {
                "until": facts.TIME,
                "assignee": facts.ACTOR,
                "muted": facts.COUNT,
                "deputy": facts.ACTOR,
                "deputy_from": facts.TIME,
                "deputy_until": facts.TIME,
            },
        )
