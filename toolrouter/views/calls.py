"""The pages of tool calls: which there are, one of them, and why one was denied."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kernel.paging import Cursor
from kernel.permissions import needs
from toolrouter import queries
from toolrouter.forms.calls import CallFilterForm
from toolrouter.words import WORDS


@needs("toolrouter.view_toolcall")
@require_safe
def call_list(request: HttpRequest) -> HttpResponse:
    """List what agents asked for, newest first. One statement."""
    form = CallFilterForm(request.GET)
    sought = form.cleaned_data if form.is_valid() else {}
    page = queries.calls_page(
        cursor=Cursor.from_query(request.GET),
        state=sought.get("state", ""),
        code=sought.get("code", ""),
        mode=sought.get("mode", ""),
        run_ref=sought.get("run", ""),
    )
    context = {
        "nav": "tool-call-list",
        "form": form,
        "is_filtered": any(sought.values()),
        "calls": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "toolrouter/call_list.html", context)


@needs("toolrouter.view_toolcall")
@require_safe
def call(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one call: what was asked, what it was decided from, and what came of it."""
    found = _found(reference)
    context = {
        "nav": "tool-call-list",
        "call": found,
        "row": found.row,
        "reasons": [(code, WORDS[code]) for code in found.row.codes],
        "may_ask_again": bool(found.again_permission)
        and request.user.has_perm(found.again_permission),
    }
    return render(request, "toolrouter/call.html", context)


@needs("toolrouter.view_toolcall")
@require_safe
def why_denied(request: HttpRequest, reference: str) -> HttpResponse:
    """Say why a call was denied, what would have to change, and who may change it."""
    found = _found(reference)
    if not found.row.codes:
        raise Http404(reference)
    context = {
        "nav": "tool-call-list",
        "row": found.row,
        "reasons": [(code, WORDS[code]) for code in found.row.codes],
    }
    return render(request, "toolrouter/why_denied.html", context)


def _found(reference: str) -> queries.CallDetail:
    found = queries.call_by_reference(reference)
    if found is None:
        raise Http404(reference)
    return found
