"""Stopping what agents do, and letting it go on again."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from kernel.permissions import fresh_login, needs
from toolrouter.enums import Scope
from toolrouter.forms.safety import ReasonForm, StopForm
from toolrouter.queries import pages
from toolrouter.queries.left import left_of
from toolrouter.usecases.release_stop import NotStopped, release_stop
from toolrouter.usecases.stop import stop
from toolrouter.views.shared import FormPage, by, page_of_scope, scope_asked, scope_in_words

WHAT_A_STOP_DOES = (
    "Agents can propose and run nothing more until an owner releases the stop, and their run tokens"
    " end. What was already sent to a provider may still happen."
)


@needs("toolrouter.stop_agents")
@never_cache
@require_http_methods(["GET", "POST"])
def stop_agents(request: HttpRequest) -> HttpResponse:
    """Stop the account, a project or a run: without a step-up, for seconds count."""
    scope, ref = scope_asked(request)
    standing = pages.standing_of(scope, ref)
    if standing is None:
        raise Http404(ref)
    named = "everything" if scope == Scope.ACCOUNT else scope_in_words(scope)
    page = FormPage(
        title="Stop agents" if scope == Scope.ACCOUNT else f"Stop {named}",
        button=f"Stop {named}",
        back=page_of_scope(scope, ref),
        intro=WHAT_A_STOP_DOES,
        is_grave=True,
    )
    form = StopForm(request.POST or None, initial={"scope": scope, "ref": ref})
    if request.method != "POST" or not form.is_valid():
        return page.show(request, form, status=400 if form.is_bound else 200)
    done = stop(scope=scope, ref=ref, by=by(request, form), now=timezone.now())
    if done.is_new:
        messages.success(request, f"Stopped. Run tokens ended: {done.tokens_ended}.")
    else:
        messages.info(request, "It was stopped already.")
    return redirect("stop", done.reference)


@needs("toolrouter.view_stop")
@never_cache
@require_safe
def stop_page(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one stop: who stopped what and why, and what is left of what agents had set going."""
    found = pages.stop_by_reference(reference)
    if found is None:
        raise Http404(reference)
    stands = found.released_at is None
    context = {
        "nav": "safety",
        "stop": found,
        "what": scope_in_words(found.scope),
        "holds": page_of_scope(found.scope, found.ref),
        "left": left_of(found.scope, found.ref, since=found.stopped_at) if stands else None,
    }
    return render(request, "toolrouter/stop.html", context)


@needs("toolrouter.change_safety")
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def release(request: HttpRequest, reference: str) -> HttpResponse:
    """Release a stop, with a reason."""
    found = pages.stop_by_reference(reference)
    if found is None:
        raise Http404(reference)
    page = FormPage(
        title=f"Release the stop of {scope_in_words(found.scope)}",
        button="Release the stop",
        back=page_of_scope(found.scope, found.ref),
        intro="Agents may go on, within posture and caps. They need new run tokens.",
    )
    form = ReasonForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return page.show(request, form, status=400 if form.is_bound else 200)
    try:
        release_stop(stop_ref=reference, by=by(request, form), now=timezone.now())
    except NotStopped:
        messages.info(request, "Somebody released it already. Nothing was changed.")
    else:
        messages.success(request, "Released.")
    return redirect(page.back)
