"""Disputes and inquiries: the list, and one with its deadline. They are answered at Stripe."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from kernel.paging import Cursor
from kernel.permissions import needs
from revenue.forms.disputes import DisputeFilterForm
from revenue.queries.disputes import dispute_file, disputes_page


@needs("revenue.view_dispute")
@require_safe
def disputes(request: HttpRequest) -> HttpResponse:
    """List disputes and inquiries, newest first. One statement."""
    form = DisputeFilterForm(request.GET)
    narrowed = form.cleaned_data if form.is_valid() else {}
    page = disputes_page(
        cursor=Cursor.from_query(request.GET),
        which=narrowed.get("standing", ""),
        mode=narrowed.get("mode", ""),
    )
    context = {
        "nav": "dispute-list",
        "form": form,
        "is_filtered": any(narrowed.values()),
        "disputes": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "revenue/dispute_list.html", context)


@needs("revenue.view_dispute")
@never_cache
@require_safe
def dispute(request: HttpRequest, stripe_id: str) -> HttpResponse:
    """Show one dispute: what it is about, by when to answer, what moved."""
    found = dispute_file(stripe_id)
    if found is None:
        raise Http404(stripe_id)
    context = {
        "nav": "dispute-list",
        "file": found,
        "dispute": found.dispute,
        "order": found.dispute.order,
    }
    return render(request, "revenue/dispute.html", context)
