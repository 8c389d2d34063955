"""What a run may do: its tokens, and whom it may know of. Shown on the run's page."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from kernel.permissions import fresh_login, needs
from toolrouter.forms.safety import SubjectForm, TokenForm
from toolrouter.queries import grant_of_run
from toolrouter.queries.clock import database_now
from toolrouter.subjects import NotInProject
from toolrouter.usecases.add_subject import add_subject
from toolrouter.usecases.make_run_token import NoToken, make_run_token
from toolrouter.usecases.revoke_run_token import NoSuchToken, revoke_run_token
from toolrouter.views.shared import FormPage, actor


@needs("toolrouter.give_access")
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def make_token(request: HttpRequest, run_ref: str) -> HttpResponse:
    """Make a token for a run's agent and show it, this once."""
    grant = grant_of_run(run_ref)
    if grant is None or grant.run_ref != run_ref:
        raise Http404(run_ref)
    page = FormPage(
        title=f"Make a token for run {grant.run_code}",
        button="Make the token",
        back=reverse("run", args=[run_ref]),
        intro="Whoever has the token can act in this run. It is shown once.",
        nav="run-list",
    )
    form = TokenForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return page.show(request, form, status=400 if form.is_bound else 200)
    try:
        made = make_run_token(
            run_ref=run_ref,
            actor_id=actor(request),
            now=database_now(),
            lasts=timedelta(hours=form.cleaned_data["hours"]),
        )
    except NoToken as refusal:
        form.add_error(None, str(refusal))
        return page.show(request, form, status=409)
    context = {"nav": "run-list", "run_ref": run_ref, "made": made}
    return render(request, "toolrouter/token_made.html", context)


@needs("toolrouter.give_access")
@require_POST
def revoke_token(request: HttpRequest, reference: str) -> HttpResponse:
    """End a token before its time."""
    try:
        run_ref, is_ended = revoke_run_token(
            token_ref=reference, actor_id=actor(request), now=timezone.now()
        )
    except NoSuchToken as error:
        raise Http404(reference) from error
    messages.success(request, "Revoked." if is_ended else "The token had ended already.")
    return redirect("run", run_ref)


@needs("toolrouter.give_access")
@require_POST
def add_deal(request: HttpRequest, run_ref: str) -> HttpResponse:
    """Let a run know of another deal of its project, with its contact and company."""
    form = SubjectForm(request.POST)
    page = FormPage(
        title="Give the run access to another deal",
        button="Add the deal",
        back=reverse("run", args=[run_ref]),
        nav="run-list",
    )
    if not form.is_valid():
        return page.show(request, form, status=400)
    try:
        added = add_subject(
            run_ref=run_ref,
            deal_ref=form.cleaned_data["deal"].strip(),
            actor_id=actor(request),
            now=timezone.now(),
        )
    except NotInProject as refusal:
        form.add_error("deal", str(refusal))
        return page.show(request, form, status=404)
    messages.success(request, "Added." if added else "The run has access to this deal already.")
    return redirect(page.back)
