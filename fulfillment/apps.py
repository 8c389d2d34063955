"""The app's name for Django, and the facts that its ledger entries carry."""

from django.apps import AppConfig

from fulfillment import ledger_rows
from fulfillment.due_work import WITHOUT_RUN
from fulfillment.enums import FreezeReason
from fulfillment.guards import PROMISES
from kernel import due_work, guards
from kernel.schema import histories
from ledger import facts


class FulfillmentConfig(AppConfig):
    """The work: intakes of paid orders and the runs that fulfil them."""

    name = "fulfillment"

    def ready(self) -> None:
        """Say which facts the entries of runs carry."""
        guards.register(*histories(self.get_models()), *PROMISES)
        due_work.register(WITHOUT_RUN)
        ledger_rows.declare()
        facts.allow(
            "run",
            {
                "reason": facts.one_of(FreezeReason.values),
                "budget_minor": facts.MINOR,
                "currency": facts.CURRENCY,
                "steps_max": facts.COUNT,
            },
        )
