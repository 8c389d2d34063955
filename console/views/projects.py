"""The page of a project: its safety, its runs, its deals and its incidents."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from crm import queries as crm
from fulfillment import queries as fulfillment
from kernel.paging import Cursor
from kernel.permissions import needs
from toolrouter.enums import CapScope, Scope
from toolrouter.queries import pages as safety
from toolrouter.queries.cap_pages import caps_shown


@needs("crm.view_project")
@never_cache
@require_safe
def project(request: HttpRequest, project_ref: str) -> HttpResponse:
    """Show one project: how it stands, its caps and those of each run, runs, deals, incidents."""
    found = crm.project_by_reference(project_ref)
    if found is None:
        raise Http404(project_ref)
    deals = crm.deals_of_project(found.id, cursor=Cursor.from_query(request.GET))
    context = {
        "nav": "project-list",
        "project": found,
        "standing": safety.standing_of(Scope.PROJECT, project_ref),
        "caps": caps_shown(scopes=[CapScope.PROJECT, CapScope.EACH_RUN], ref=project_ref),
        "runs": fulfillment.runs_of_project(project_ref),
        "incidents": safety.incidents_of(Scope.PROJECT, project_ref),
        "deals": deals.rows,
        "older_address": deals.older_address(request.GET),
        "newer_address": deals.newer_address(request.GET),
    }
    return render(request, "console/project.html", context)
