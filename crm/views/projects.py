"""Projects: the list, and what people do with one. Its page is the console's."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from crm import queries
from crm.forms import DealProjectForm, ProjectForm
from crm.queries.lists import NoSuchDeal
from crm.usecases import keep_projects
from kernel.permissions import needs

NAME_TAKEN = "Another project has that name."


@needs("crm.view_project")
@never_cache
@require_http_methods(["GET", "HEAD"])
def project_list(request: HttpRequest) -> HttpResponse:
    """List the projects by name. One statement."""
    page = {"nav": "project-list", "projects": queries.projects(), "form": ProjectForm()}
    return render(request, "crm/project_list.html", page)


@needs("crm.manage_projects")
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Make a project."""
    form = ProjectForm(request.POST)
    if form.is_valid():
        try:
            reference = keep_projects.make_project(
                name=form.cleaned_data["name"], actor_id=_actor(request), now=timezone.now()
            )
        except keep_projects.NameTaken:
            form.add_error("name", NAME_TAKEN)
        else:
            messages.success(request, "The project is there. Set its caps next.")
            return redirect("project", reference)
    page = {"nav": "project-list", "projects": queries.projects(), "form": form}
    return render(request, "crm/project_list.html", page, status=400)


@needs("crm.manage_projects")
@require_POST
def rename(request: HttpRequest, reference: str) -> HttpResponse:
    """Give a project another name."""
    form = ProjectForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Enter a name of up to 80 characters. Nothing was changed.")
        return redirect("project", reference)
    try:
        keep_projects.rename_project(
            project_ref=reference,
            name=form.cleaned_data["name"],
            actor_id=_actor(request),
            now=timezone.now(),
        )
    except keep_projects.NoSuchProject as error:
        raise Http404(reference) from error
    except keep_projects.NameTaken:
        messages.error(request, f"{NAME_TAKEN} Nothing was changed.")
    except keep_projects.HomeKeepsItsName:
        messages.error(request, "The home project keeps its name. Nothing was changed.")
    else:
        messages.success(request, "Renamed.")
    return redirect("project", reference)


@needs("crm.manage_projects")
@require_POST
def change_project(request: HttpRequest, deal_ref: str) -> HttpResponse:
    """Move a deal to another project."""
    form = DealProjectForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a project. Nothing was changed.")
        return redirect("deal", deal_ref)
    try:
        changed = keep_projects.change_project(
            deal_ref=deal_ref,
            project_ref=form.cleaned_data["project"],
            actor_id=_actor(request),
            now=timezone.now(),
        )
    except (NoSuchDeal, keep_projects.NoSuchProject) as error:
        raise Http404(deal_ref) from error
    except keep_projects.StaysInProject as refusal:
        messages.error(request, f"{refusal} Nothing was changed.")
    else:
        messages.success(request, "Moved." if changed else "It was in that project already.")
    return redirect("deal", deal_ref)


def _actor(request: HttpRequest) -> int:
    if request.user.pk is None:
        raise PermissionError("nobody is logged in")
    return int(request.user.pk)
