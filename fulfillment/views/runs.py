"""What people do with a run."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from fulfillment.queries import run_by_reference
from fulfillment.usecases.steer_run import VERBS, NotNow, steer_run
from kernel.permissions import needs

DONE: Final = {
    "pause": "Paused. Nobody works on it until it is resumed.",
    "resume": "Resumed where it was paused.",
    "retry": "It goes on from its last good step.",
    "stop": "Stopped for good.",
}


@needs("toolrouter.stop_agents")
@require_POST
def steer(request: HttpRequest, run_ref: str, verb: str) -> HttpResponse:
    """Pause, resume, retry or stop a run."""
    if verb not in VERBS or run_by_reference(run_ref) is None:
        raise Http404(run_ref)
    try:
        steer_run(run_ref, verb=verb, by_id=request.user.pk, now=timezone.now())
    except NotNow:
        messages.info(request, "The run has moved on. This is how it stands now.")
    else:
        messages.success(request, DONE[verb])
    return redirect("run", run_ref)
