"""The app's name for Django, and the one row that it cannot do without."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.apps.registry import Apps
from django.db.models.signals import post_migrate
from django.utils import timezone
from django.utils.module_loading import import_string

from crm.enums import DealStage
from crm.guards import PROMISES
from crm.policy import HOME_PROJECT
from kernel import erasure, guards
from kernel.references import new_reference
from kernel.schema import histories
from ledger import facts, rows
from toolrouter import subjects


class CrmConfig(AppConfig):
    """The relationship: companies, contacts, deals and their timeline."""

    name = "crm"

    def ready(self) -> None:
        """Say which facts crm's ledger entries carry; seed the home project after each migrate."""
        guards.register(*histories(self.get_models()), *PROMISES)
        erasure.register(import_string("crm.erasure.ERASER"))  # its models are loaded only now
        stage = facts.one_of(DealStage.values)
        facts.allow("audit", {"from_stage": stage, "to_stage": stage, "owner": facts.REF})
        facts.allow("audit", {"offer": facts.REF})
        deal = rows.Row("crm_deal")
        rows.declare(
            "audit", dict.fromkeys(("project.made", "project.renamed"), rows.Row("crm_project"))
        )
        subjects.register(import_string("crm.operations.subjects.subjects_of_deal"))
        leads = ("lead.received", "lead.rescued", "lead.accepted", "lead.declined")
        deals = ("deal.moved", "deal.assigned", "deal.offer_chosen", "deal.project_changed")
        rows.declare("audit", dict.fromkeys((*leads, *deals), deal))
        post_migrate.connect(seed_home_project, sender=self)


def seed_home_project(*, apps: Apps, using: str, **_: Any) -> None:
    """Make the home project, and the safety settings of each project that has none. Idempotent.

    Migrating back to nothing leaves nothing to seed.
    """
    made = {(m._meta.app_label, m._meta.model_name) for m in apps.get_models()}
    if not {("crm", "project"), ("toolrouter", "projectsettings")} <= made:
        return
    projects = apps.get_model("crm", "Project").objects.using(using)
    projects.get_or_create(
        name=HOME_PROJECT,
        defaults={"reference": new_reference("prj"), "created_at": timezone.now()},
    )
    settings = apps.get_model("toolrouter", "ProjectSettings").objects.using(using)
    for project in projects.all():
        settings.get_or_create(
            project_ref=project.reference, defaults={"opened_at": project.created_at}
        )
