"""The pages of runs: which there are, and what happened in one."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console import timeline
from crm import queries as crm
from fulfillment import queries as fulfillment
from fulfillment.enums import RunState
from fulfillment.queries import deliverables, sources
from fulfillment.queries.briefs import BriefFacts, may_answer, newest_brief
from fulfillment.queries.runtime import runtime_now
from kernel.modes import Mode
from kernel.paging import Cursor
from kernel.permissions import needs
from toolrouter.enums import RUN_KINDS
from toolrouter.queries import pages as safety
from toolrouter.queries import purchases_of_run


class RunFilterForm(forms.Form):
    """What narrows the list of runs."""

    state = forms.ChoiceField(
        required=False, label="State", choices=[("", "Any state"), *RunState.choices]
    )
    mode = forms.ChoiceField(
        required=False, label="Mode", choices=[("", "Any mode"), *Mode.choices]
    )


@needs("fulfillment.view_acquisitionrun")
@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    """List runs by state and mode, newest first. One statement."""
    form = RunFilterForm(request.GET)
    narrowed = form.cleaned_data if form.is_valid() else {}
    page = fulfillment.runs_page(
        cursor=Cursor.from_query(request.GET),
        state=narrowed.get("state", ""),
        mode=narrowed.get("mode", ""),
    )
    context = {
        "nav": "run-list",
        "form": form,
        "is_filtered": any(narrowed.values()),
        "runs": page.rows,
        "agent": runtime_now(),
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "console/run_list.html", context)


def _brief(request: HttpRequest, run_id: int) -> BriefFacts | None:
    may_read = request.user.has_perm("fulfillment.view_brief")
    return newest_brief(run_id) if may_read else None


@needs("fulfillment.view_acquisitionrun")
@never_cache  # its tokens and stops change meanwhile
@require_safe
def run(request: HttpRequest, run_ref: str) -> HttpResponse:
    """Show one run: its bounds, what it belongs to, and all that happened in it."""
    found = fulfillment.run_by_reference(run_ref)
    if found is None:
        raise Http404(run_ref)
    project = crm.project_by_reference(found.project_ref)
    safe = safety.run_safety(run_ref)
    subjects = safe.subjects if safe else ()
    may_see = request.user.has_perm("crm.view_deal")
    names = crm.names_of(each.subject_ref for each in subjects) if may_see else {}
    context = {
        "nav": "run-list",
        "run": found,
        "brief": _brief(request, found.id),
        "takes_brief": bool(found.order_ref) and may_answer(found.id),
        "kind": dict(RUN_KINDS)[found.kind],
        "project_name": project.name if project else found.project_ref,
        "safety": safe,
        "subjects": [(each, names.get(each.subject_ref, "")) for each in subjects],
        "deal_ref": crm.deal_ref_of(found.deal_id) if found.deal_id else "",
        "purchases": purchases_of_run(run_ref),
        "deliverables": deliverables.deliverables_of_run(run_ref)[::-1],
        "sources": sources.sources_of_run(run_ref),
        "failed_lookups": sources.failed_lookups(run_ref),
        "lines": timeline.merged(timeline.of_run("", fulfillment.events_of_run(found.id), mode="")),
    }
    return render(request, "console/run.html", context)
