"""The app's name for Django, and the facts that its ledger entries carry."""

from django.apps import AppConfig
from django.utils.module_loading import import_string

from approvals import ledger_rows
from approvals.due_work import DUE_WORK
from approvals.enums import Factor, Verdict, Why
from approvals.guards import PROMISES
from kernel import due_work, guards, waiting_list
from kernel.schema import histories
from ledger import facts
from notices.outbox import kinds


class ApprovalsConfig(AppConfig):
    """Questions to people, and their answers."""

    name = "approvals"

    def ready(self) -> None:
        """Say what the database must hold, and which facts the entries of approvals carry."""
        guards.register(*histories(self.get_models()), *PROMISES)
        ledger_rows.declare()
        due_work.register(*DUE_WORK)
        waiting_list.register(import_string("approvals.queries.waiting.REQUESTS"))
        kinds.register(*import_string("approvals.mails.KINDS"))  # it looks at models
        facts.allow(
            "approval",
            {
                "fingerprint": facts.DIGEST,
                "shown_digest": facts.DIGEST,
                "amount_minor": facts.MINOR,
                "currency": facts.CURRENCY,
                "actor": facts.ACTOR,
                "verdict": facts.one_of(Verdict.values),
                "factor": facts.one_of(Factor.values),
                "why": facts.one_of(Why.values),
                "not_before": facts.TIME,
                "execute_by": facts.TIME,
                "words": facts.COUNT,
                "around_digest": facts.DIGEST,  # salted, the salt is blanked with it
                "as_owner": facts.FLAG,
                "tells_the_agent": facts.FLAG,
                "reason_digest": facts.DIGEST,  # likewise
                "proof": facts.DIGEST,  # operations.recording
            },
        )
