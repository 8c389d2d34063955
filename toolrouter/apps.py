"""The app's name for Django, what its entries carry, and the one row that it cannot do without."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.apps.registry import Apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string

from approvals import registry as requests
from kernel import due_work, erasure, guards, waiting_list
from kernel.schema import histories
from notices.outbox import kinds
from toolrouter import (
    connections,
    ledger_rows,
    ledger_rows_of_calls,
    ledger_rows_of_money,
    ledger_rows_of_purchases,
    ledger_rows_of_seats,
)
from toolrouter.due_work import DUE_WORK
from toolrouter.guards import PROMISES


class ToolrouterConfig(AppConfig):
    """Every tool call and every cent an agent spends: grants, caps, stops and what they allow."""

    name = "toolrouter"

    def ready(self) -> None:
        """Say which facts and rows our entries carry; seed the account's row after each migrate."""
        guards.register(*histories(self.get_models()), *PROMISES)
        erasure.register(import_string("toolrouter.erasure.ERASER"))  # its models are loaded now
        requests.register(import_string("toolrouter.approval_kind.KIND"))
        connections.register_provider(import_string("toolrouter.tools.BY_HAND"))
        due_work.register(*DUE_WORK)
        waiting_list.register(*import_string("toolrouter.queries.halts.WAITING"))
        ledger_rows.declare()
        kinds.register(*import_string("toolrouter.outbox.KINDS"))
        kinds.register(*import_string("toolrouter.telling.KINDS"))
        ledger_rows_of_calls.declare()
        ledger_rows_of_money.declare()
        ledger_rows_of_purchases.declare()
        ledger_rows_of_seats.declare()
        waiting_list.register(*import_string("toolrouter.queries.waiting.WAITING"))
        post_migrate.connect(seed_account, sender=self)


def seed_account(*, apps: Apps, using: str, **_: Any) -> None:
    """Make the account's safety settings, once: posture normal, switches off, no caps."""
    if ("toolrouter", "safetysettings") in {
        (model._meta.app_label, model._meta.model_name) for model in apps.get_models()
    }:
        settings = apps.get_model("toolrouter", "SafetySettings")
        settings.objects.using(using).get_or_create(is_the_one=True)
