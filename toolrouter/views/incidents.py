"""Incidents: what a person has to look into before agents go on."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from kernel.paging import Cursor
from kernel.permissions import fresh_login, needs
from toolrouter.forms.safety import IncidentForm, ReasonForm
from toolrouter.queries import pages
from toolrouter.queries.left import left_of
from toolrouter.usecases import tend_incident
from toolrouter.views.shared import FormPage, by, page_of_scope, scope_asked, scope_in_words


@needs("toolrouter.view_incident")
@require_safe
def incident_list(request: HttpRequest) -> HttpResponse:
    """List incidents, newest first. One statement."""
    page = pages.incidents_page(cursor=Cursor.from_query(request.GET))
    context = {
        "nav": "incident-list",
        "incidents": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "toolrouter/incident_list.html", context)


@needs("toolrouter.view_incident")
@require_safe
def incident(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one incident: what it holds, who opened it and why, and how it was closed."""
    found = pages.incident_by_reference(reference)
    if found is None:
        raise Http404(reference)
    is_open = found.closed_at is None
    context = {
        "nav": "incident-list",
        "incident": found,
        "about_call": found.about_ref.startswith("call_"),
        "holds": page_of_scope(found.scope, found.ref),
        "left": left_of(found.scope, found.ref, since=found.opened_at) if is_open else None,
    }
    return render(request, "toolrouter/incident.html", context)


@needs("toolrouter.change_safety")
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def open_incident(request: HttpRequest) -> HttpResponse:
    """Open a legal incident: the account, the project or the run stands still."""
    scope, ref = scope_asked(request)
    if pages.standing_of(scope, ref) is None:
        raise Http404(ref)
    page = FormPage(
        title=f"Open a legal incident about {scope_in_words(scope)}",
        button="Open the incident",
        back=page_of_scope(scope, ref),
        intro="Agents are on hold there until an owner closes the incident.",
        is_grave=True,
        nav="incident-list",
    )
    form = IncidentForm(request.POST or None, initial={"scope": scope, "ref": ref})
    if request.method != "POST" or not form.is_valid():
        return page.show(request, form, status=400 if form.is_bound else 200)
    opened_ref = tend_incident.open_incident(
        kind=form.kind, scope=scope, ref=ref, by=by(request, form), now=timezone.now()
    )
    messages.success(request, "The incident is open.")
    return redirect("incident", opened_ref)


@needs("toolrouter.change_safety")
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def close_incident(request: HttpRequest, reference: str) -> HttpResponse:
    """Close an incident, with what was found."""
    found = pages.incident_by_reference(reference)
    if found is None:
        raise Http404(reference)
    page = FormPage(
        title="Close the incident",
        button="Close the incident",
        back=reverse("incident", args=[reference]),
        intro="If no other incident is open, agents may go on, within posture and caps.",
        nav="incident-list",
    )
    form = ReasonForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return page.show(request, form, status=400 if form.is_bound else 200)
    try:
        tend_incident.close_incident(
            incident_ref=reference, by=by(request, form), now=timezone.now()
        )
    except tend_incident.NotOpen:
        messages.info(request, "Somebody closed it already. Nothing was changed.")
    else:
        messages.success(request, "Closed.")
    return redirect(page.back)
