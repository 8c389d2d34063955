"""Projects: the workspaces that deals belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from crm.models import Deal, Project
from crm.queries.rows import DealRow, deal_row, with_people
from kernel.paging import Cursor, Page, page_of

PROJECTS_MAX: Final = 200
ROWS_PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRow:
    """A project; the home project is where requests and direct purchases land."""

    id: int
    reference: str
    name: str
    is_home: bool
    created_at: datetime


def projects() -> list[ProjectRow]:
    """Return the projects by name, the first 200. One statement."""
    return [_row(project) for project in Project.objects.order_by("name")[:PROJECTS_MAX]]


def project_by_reference(reference: str) -> ProjectRow | None:
    """Return the project of that reference, or None. One statement."""
    return next((_row(each) for each in Project.objects.filter(reference=reference)), None)


def deals_of_project(project_id: int, *, cursor: Cursor) -> Page[DealRow]:
    """Return one page of a project's deals, newest first. One statement."""
    deals = with_people(Deal.objects.filter(project_id=project_id))
    return page_of(deals, cursor=cursor, limit=ROWS_PER_PAGE).map(deal_row)


def _row(project: Project) -> ProjectRow:
    return ProjectRow(
        id=project.pk,
        reference=project.reference,
        name=project.name,
        is_home=project.is_home,
        created_at=project.created_at,
    )
