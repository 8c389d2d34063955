"""Search over everything: by reference, e-mail or company."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from console.queries.searching import page_of_reference, search_everything
from kernel.permissions import needs

QUERY_CHARS_MAX = 255


@needs("revenue.view_order")
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Lead straight to what a reference names; else list what fits, by kind.

    Nobody finds here what they may not open.
    """
    asked = request.GET.get("q", "").strip()[:QUERY_CHARS_MAX]
    if asked and (address := page_of_reference(asked, person=request.user)):
        return redirect(address)
    groups = search_everything(asked, person=request.user) if asked else []
    context = {"nav": "search", "asked": asked, "groups": groups}
    return render(request, "console/search.html", context)
