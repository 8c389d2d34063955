"""The app's name for Django, and the facts that its ledger entries carry."""

from django.apps import AppConfig
from django.utils.module_loading import import_string

from fulfillment import registry as deliveries
from kernel import due_work, erasure, guards, leased_work, waiting_list
from kernel.schema import histories
from ledger import facts
from notices import kinds
from revenue import ledger_rows
from revenue.due_work import DUE_WORK
from revenue.enums import ReviewVerdict
from revenue.guards import PROMISES
from toolrouter import connections


class RevenueConfig(AppConfig):
    """Offers, checkout, webhooks, orders, revenue events: conducts the sale."""

    name = "revenue"

    def ready(self) -> None:
        """Say which facts revenue's ledger entries carry."""
        guards.register(*histories(self.get_models()), *PROMISES)
        due_work.register(*DUE_WORK)
        money = {"amount_minor": facts.MINOR, "currency": facts.CURRENCY}
        facts.allow("revenue", money)
        ledger_rows.declare()
        verdicts = facts.one_of(ReviewVerdict.values)
        facts.allow("audit", money | {"verdict": verdicts, "events": facts.COUNT})
        # These look at models, which are loaded only now.
        waiting_list.register(*import_string("revenue.queries.waiting.WAITING"))
        leased_work.register(*import_string("revenue.leased_work.LEASED_WORK"))
        kinds.register(*import_string("revenue.alert_kinds.KINDS"))
        deliveries.on_release(import_string("revenue.operations.deliveries.tell_buyer"))
        connections.register_provider(import_string("revenue.tools.STRIPE"))
        eraser = import_string("revenue.erasure.ERASER")
        erasure.register(eraser)
        facts.allow("audit", dict.fromkeys(eraser.counts, facts.COUNT))
