"""The trace: one sale, every stage in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from console.addresses import address_of
from console.queries.trace import KINDS, build_trace, trace_of, traces_of
from console.usecases.reveal_personal_data import PersonalData, people_of, reveal_personal_data
from kernel.permissions import needs

REVEALED: Final = "revealed_trace"  # what the next look may show, in the session


@needs("revenue.view_order")
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Take any reference of a sale and lead to its trace."""
    asked = request.GET.get("ref", "").strip()
    if not asked:
        return render(request, "console/trace_find.html", _finding())
    traces = traces_of(asked)
    if not traces:
        return render(request, "console/trace_find.html", _finding(asked), status=404)
    return redirect("trace", ref=asked if len(traces) > 1 else traces[0])


@needs("revenue.view_order")
@never_cache
@require_safe
def trace(request: HttpRequest, ref: str) -> HttpResponse:
    """Show one sale; the people in it once, to whoever has just asked for them on record."""
    is_asked = request.session.pop(REVEALED, "") == ref
    may_see = is_asked and request.user.has_perm("crm.reveal_personal_data")
    return _page(request, ref, people=people_of(trace_of(ref)) if may_see else ())


@needs("crm.reveal_personal_data")
@never_cache
@require_POST
def reveal(request: HttpRequest, ref: str) -> HttpResponse:
    """Let the next look at a sale show the people in it; that somebody looked is recorded.

    Reloading the page that shows them hides them: it is not the page that was posted.
    """
    actor_id = int(request.user.pk or 0)  # never 0: needs() let a person in
    if reveal_personal_data(trace_ref=trace_of(ref), actor_id=actor_id, now=datetime.now(UTC)):
        request.session[REVEALED] = ref
    else:
        messages.info(request, "Nobody is known in this sale, so nothing was recorded.")
    return redirect("trace", ref=ref)


def _finding(asked: str = "") -> dict[str, object]:
    is_event = asked.startswith("evt_")
    return {
        "nav": "trace-find",
        "asked": asked,
        "kinds": KINDS,
        "event_address": address_of(asked) if is_event else "",
    }


def _page(request: HttpRequest, ref: str, *, people: Sequence[PersonalData] = ()) -> HttpResponse:
    traces = traces_of(ref)
    found = build_trace(traces[0]) if traces else None
    if found is None:
        return render(request, "console/trace_find.html", _finding(ref), status=404)
    context = {
        "nav": "trace-find",
        "trace": found,
        "people": people,
        "asked": ref,
        "other_sales": traces[1:],
    }
    return render(request, "console/trace.html", context)
