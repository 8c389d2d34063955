"""What a run handed in, as an owner reads it before the release."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from approvals import queries as approvals
from fulfillment.queries import deliverables, reviewing
from kernel.permissions import needs


@needs("fulfillment.view_deliverable")
@never_cache
@require_safe
def deliverable(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a document: each statement beside the words that it rests on, and what rules found."""
    found = deliverables.deliverable_by_reference(reference)
    if found is None:
        raise Http404(reference)
    context = {
        "nav": "run-list",
        "deliverable": found,
        "review": reviewing.review_of(found, now=timezone.now()),
        "others": deliverables.deliverables_of_run(found.run_ref),
        "request_ref": approvals.open_request_of(reference) if found.is_in_review else "",
    }
    return render(request, "console/deliverable.html", context)


@needs("fulfillment.view_deliverable")
@never_cache
@require_safe
def deliverable_page(request: HttpRequest, reference: str) -> HttpResponse:  # noqa: ARG001  # the decorators' part
    """Show the very page that the buyer gets."""
    page = deliverables.page_of_document(reference)
    if page is None:
        raise Http404(reference)
    response = HttpResponse(page.body)
    response["Content-Security-Policy"] = page.policy
    return response


@needs("fulfillment.view_deliverable")
@never_cache
@require_safe
def deliverable_pdf(request: HttpRequest, reference: str) -> HttpResponse:  # noqa: ARG001  # the decorators' part
    """Download the very PDF that the buyer gets."""
    body = deliverables.pdf_of_document(reference)
    if body is None:
        raise Http404(reference)
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{reference}.pdf"'
    return response
