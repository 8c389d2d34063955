"""Approve, refuse, revoke: each is a POST from the request's own page."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST
from redis.exceptions import RedisError

from approvals.enums import RequestState
from approvals.forms import RefuseForm, RevokeForm
from approvals.operations.locking import MayNotDecide, ShownOtherwise, TooLate
from approvals.ports import NotProved
from approvals.providers import proofs
from approvals.registry import CannotApprove
from approvals.usecases.decide import approve, refuse
from approvals.usecases.revoke import revoke
from approvals.usecases.show_request import show_request
from approvals.views.pages import me, page_or_404, shown
from kernel.liveness import database_now, statement_now
from kernel.permissions import needs

NOT_NOW: Final = (
    "Approving is not possible for a moment: wrong answers cannot be counted. Nothing was decided. "
    "You can still refuse, revoke and stop."
)
OTHERWISE: Final = "This page was out of date. Nothing was decided: read it again, then decide."
NOT_YOURS: Final = "You cannot decide this: you asked for it, or have answered it already."


@needs("approvals.view_approvalrequest")
@sensitive_post_parameters()
@require_POST
def approve_request(request: HttpRequest, reference: str) -> HttpResponse:
    """Approve what the page shows, with the proof that its form gives."""
    page, person = page_or_404(request, reference), me(request)
    if not page.may_decide:
        return _too_late(request, reference)
    step_up, challenge = show_request(
        reference,
        person=person,
        session_key=request.session.session_key or "",
        now=database_now(),
    )
    try:
        proof = proofs().prove(
            request, challenge=challenge, needs_second_factor=page.needs_second_factor
        )
        said = approve(
            reference,
            person=person,
            shown_digest=request.POST.get("shown_digest", ""),
            step_up=step_up,
            proof=proof,
            now=database_now(),
            clock=statement_now,
        )
    except RedisError:
        return shown(request, reference, problem=NOT_NOW, status=503)
    except (NotProved, CannotApprove) as reason:
        return shown(request, reference, problem=str(reason), status=409)
    except ShownOtherwise:
        return shown(request, reference, problem=OTHERWISE, status=409)
    except (TooLate, MayNotDecide):
        return _too_late(request, reference)
    if said.state == RequestState.APPROVED:
        messages.success(request, "Approved.")
    else:
        messages.success(request, "Your approval is recorded. It waits for one more person.")
    return redirect("approval", reference)


@needs("approvals.view_approvalrequest")
@require_POST
def refuse_request(request: HttpRequest, reference: str) -> HttpResponse:
    """Refuse it, with or without a reason. Needs neither proof nor Redis."""
    page = page_or_404(request, reference)
    form = RefuseForm(request.POST)
    if not form.is_valid():
        return shown(request, reference, refuse_form=form, status=400)
    try:
        refuse(
            reference,
            person=me(request),
            shown_digest=request.POST.get("shown_digest", ""),
            reason=form.cleaned_data["reason"],
            tells_the_agent=form.cleaned_data["tells_the_agent"],
            now=database_now(),
            clock=statement_now,
        )
    except ShownOtherwise:
        return shown(request, reference, problem=OTHERWISE, status=409)
    except (TooLate, MayNotDecide):
        return _too_late(request, reference)
    messages.success(request, page.refused_words)
    return redirect("approval", reference)


@needs("approvals.view_approvalrequest")
@require_POST
def revoke_request(request: HttpRequest, reference: str) -> HttpResponse:
    """Take an approval back before it is used. Needs neither proof nor Redis."""
    page_or_404(request, reference)
    form = RevokeForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        revoke(reference, person=me(request), reason=reason, now=database_now())
    except (TooLate, MayNotDecide):
        return _too_late(request, reference)
    messages.success(request, "Revoked. Nothing was done.")
    return redirect("approval", reference)


def _too_late(request: HttpRequest, reference: str) -> HttpResponse:
    """Show how it stands to whoever came too late, or may not decide it."""
    page = page_or_404(request, reference)
    if page.is_pending:
        return shown(request, reference, problem=NOT_YOURS, status=403)
    messages.warning(request, f"Nothing was changed: it is {page.line.state_words.heading}.")
    return redirect("approval", reference)
