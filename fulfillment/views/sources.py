"""What people do with pages that a run read."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from fulfillment.queries.sources import run_of_source
from fulfillment.usecases.release_source import NotQuarantined, release_source
from kernel.permissions import needs


@needs("fulfillment.release_source")
@require_POST
def release(request: HttpRequest, source_ref: str) -> HttpResponse:
    """Let a run have the words of a page that was quarantined."""
    run_ref = run_of_source(source_ref)
    if run_ref is None:
        raise Http404(source_ref)
    try:
        release_source(source_ref=source_ref, actor_id=request.user.pk, now=timezone.now())
    except NotQuarantined:
        messages.info(request, "It was released already.")
    else:
        messages.success(request, "Released. The agent may read and quote it now.")
    return redirect("run", run_ref)
