"""The app's name for Django, and the facts that its ledger entries carry."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.apps.registry import Apps
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate
from django.utils import timezone
from django.utils.module_loading import import_string

from approvals import registry as requests
from fulfillment import ledger_rows
from fulfillment.due_work import DUE_WORK
from fulfillment.enums import BriefFrom, FreezeReason, RunLimit, TurnOutcome, TurnPurpose
from fulfillment.guards import PROMISES
from kernel import due_work, erasure, guards, leased_work
from kernel.schema import histories
from ledger import facts


class FulfillmentConfig(AppConfig):
    """The work: intakes of paid orders and the runs that fulfil them."""

    name = "fulfillment"

    def ready(self) -> None:
        """Say which facts the entries of runs carry."""
        guards.register(*histories(self.get_models()), *PROMISES)
        due_work.register(*DUE_WORK)
        leased_work.register(*import_string("fulfillment.leased_work.LEASED_WORK"))
        for eraser in import_string("fulfillment.erasure.ERASERS"):  # its models are loaded now
            erasure.register(eraser)
        requests.register(import_string("fulfillment.release_kind.KIND"))
        ledger_rows.declare()
        post_migrate.connect(grant_older_runs, sender=self)
        facts.allow(
            "run",
            {
                "reason": facts.one_of(FreezeReason.values),
                "limit": facts.one_of(RunLimit.values),
                "given_as": facts.one_of(BriefFrom.values),
                "actor": facts.ACTOR,
                "steps_max": facts.COUNT,
                "purpose": facts.one_of(TurnPurpose.values),
                "outcome": facts.one_of(TurnOutcome.values),
                "tokens": facts.COUNT,
                "seconds": facts.COUNT,
                "chars": facts.COUNT,
                "due_s": facts.COUNT,
                "digest": facts.DIGEST,  # of what holds no words, or under a salt that is blanked
            },
        )


def grant_older_runs(*, apps: Apps, using: str, **_: Any) -> None:
    """Open the grants of runs that were there before there were grants. Idempotent."""
    made = {(m._meta.app_label, m._meta.model_name): m for m in apps.get_models()}
    run = made.get(("fulfillment", "acquisitionrun"))
    is_whole = run is not None and any(field.name == "kind" for field in run._meta.fields)
    if is_whole and ("toolrouter", "grant") in made and using == DEFAULT_DB_ALIAS:
        open_missing_grants = import_string("fulfillment.operations.granting.open_missing_grants")
        open_missing_grants(now=timezone.now())
