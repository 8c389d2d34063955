"""The button that asks again."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from kernel.liveness import database_now
from kernel.permissions import needs
from toolrouter.queries import call_by_reference
from toolrouter.usecases.ask_again import CannotAskAgain, MayNotAskAgain, ask_again
from toolrouter.views.shared import person
from toolrouter.vocabulary import Code, Status

ASKED = "Asked again. It is waiting for a decision."
THERE_ALREADY = "The same request is already open or done. Here it is."
TOO_MANY = "Too many requests of this run are waiting. Decide one of them first."
DENIED = "Not asked again: today's rules do not allow it."


@needs("approvals.decide_outbound")
@require_POST
def ask_call_again(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask again what this call asked for; show the request that waits now, or why there is none."""
    if call_by_reference(reference) is None:
        raise Http404(reference)
    try:
        answer = ask_again(reference, person=person(request), now=database_now())
    except MayNotAskAgain as error:
        raise PermissionDenied(reference) from error
    except CannotAskAgain as reason:
        messages.warning(request, str(reason))
        return redirect("tool-call", reference)
    if answer.action is None:
        messages.warning(request, TOO_MANY)
        return redirect("tool-call", reference)
    if answer.status == Status.DENIED:
        messages.warning(request, DENIED)
        return redirect("why-denied", answer.action)
    if Code.DUPLICATE in answer.codes:
        messages.info(request, THERE_ALREADY)
        return redirect("tool-call", answer.action)
    messages.success(request, ASKED)
    return redirect("approval", answer.approval)
