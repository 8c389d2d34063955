"""A person makes a project, renames it, or moves a deal to another one."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from crm.models import Deal, Project
from kernel.references import new_reference
from kernel.statements import insert_once
from ledger import operations as ledger
from toolrouter import operations as toolrouter
from toolrouter import queries as grants


class NameTaken(Exception):
    """Another project has that name."""


class HomeKeepsItsName(Exception):
    """Requests and direct purchases find the home project by its name."""


class NoSuchProject(LookupError):
    """There is no such project."""


class StaysInProject(Exception):
    """The deal cannot be moved; the sentence says why."""


@transaction.atomic(durable=True)
def make_project(*, name: str, actor_id: int, now: datetime) -> str:
    """Make a project with its safety settings, and return its reference. Raises NameTaken."""
    project = Project(reference=new_reference("prj"), name=name, created_at=now)
    if not insert_once(project):
        raise NameTaken(name)
    toolrouter.open_project(project.reference, now=now)
    ledger.audit(actor_id=actor_id, event="project.made", subject=project.reference, now=now)
    return project.reference


@transaction.atomic(durable=True)
def rename_project(*, project_ref: str, name: str, actor_id: int, now: datetime) -> bool:
    """Give a project another name; say whether that changed anything.

    Raises NoSuchProject, NameTaken, HomeKeepsItsName.
    """
    project = Project.objects.select_for_update(no_key=True).filter(reference=project_ref).first()
    if project is None:
        raise NoSuchProject(project_ref)
    if project.is_home:
        raise HomeKeepsItsName(project_ref)
    if project.name == name:
        return False
    if Project.objects.filter(name=name).exists():
        raise NameTaken(name)
    project.name = name
    project.save(update_fields=["name"])
    ledger.audit(actor_id=actor_id, event="project.renamed", subject=project_ref, now=now)
    return True


@transaction.atomic(durable=True)
def change_project(*, deal_ref: str, project_ref: str, actor_id: int, now: datetime) -> bool:
    """Move a deal to another project; say whether that changed anything.

    What was won stays, with its order and its run, and so does what an open run may know of.
    Raises Deal.DoesNotExist, NoSuchProject, StaysInProject.
    """
    deal = Deal.objects.select_for_update(no_key=True, of=("self",)).get(reference=deal_ref)
    project = Project.objects.filter(reference=project_ref).first()
    if project is None:
        raise NoSuchProject(project_ref)
    if deal.project_id == project.pk:
        return False
    if deal.won_order_ref is not None:
        raise StaysInProject("A won deal stays in its project, with its order and its run.")
    if grants.is_known_to_a_run(deal_ref):
        raise StaysInProject("A run may know of this deal. It stays until that run has ended.")
    was = deal.project.reference
    deal.project = project
    deal.save(update_fields=["project"])
    ledger.audit(
        actor_id=actor_id,
        event="deal.project_changed",
        subject=deal_ref,
        refs=[was, project_ref],
        mode=deal.mode,
        trace_ref=deal.trace_ref,
        now=now,
    )
    return True
