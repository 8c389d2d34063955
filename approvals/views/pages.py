"""What waits for a decision, one request, and all of them. Nothing is decided by reading."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from approvals import queries
from approvals.forms import RefuseForm, RequestFilterForm, RevokeForm
from approvals.providers import proofs
from approvals.queries import RequestPage
from approvals.usecases.show_request import show_request
from kernel.liveness import database_now
from kernel.paging import Cursor
from kernel.permissions import needs
from notices.queries import clock_of

NAV: Final = "approval-inbox"


@needs("approvals.view_approvalrequest")
@never_cache
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """List what waits for whoever looks, soonest to expire first, and what they missed."""
    person = me(request)
    context = {
        "nav": NAV,
        "waiting": queries.waiting_for(person),
        "missed": queries.missed_by(person, now=database_now()),
        "clock": clock_of(person.pk),
    }
    return render(request, "approvals/inbox.html", context)


@needs("approvals.view_approvalrequest")
@require_safe
def request_list(request: HttpRequest) -> HttpResponse:
    """List all requests, newest first, by status and environment. Two statements."""
    form = RequestFilterForm(request.GET)
    narrowed = form.cleaned_data if form.is_valid() else {}
    page = queries.requests_page(
        person=me(request),
        cursor=Cursor.from_query(request.GET),
        state=narrowed.get("state", ""),
        mode=narrowed.get("mode", ""),
    )
    context = {
        "nav": NAV,
        "form": form,
        "is_filtered": any(narrowed.values()),
        "requests": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "approvals/request_list.html", context)


@needs("approvals.view_approvalrequest")
@never_cache
@require_safe
def request_detail(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one request, with the form that decides it to whoever may."""
    return shown(request, reference)


def shown(
    request: HttpRequest,
    reference: str,
    *,
    refuse_form: RefuseForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """Return the page of one request; ``problem`` says why nothing was decided just now."""
    page = page_or_404(request, reference)
    context: dict[str, object] = {
        "nav": NAV,
        "page": page,
        "here": clock_of(me(request).pk).says(page.line.decide_by),
        "problem": problem,
        "refuse_form": refuse_form or RefuseForm(),
        "revoke_form": RevokeForm(),
    }
    if page.may_decide:
        _step_up, challenge = show_request(
            reference,
            person=me(request),
            session_key=request.session.session_key or "",
            now=database_now(),
        )
        ways = proofs().ways(
            request, challenge=challenge, needs_second_factor=page.needs_second_factor
        )
        against = queries.against_approving(page, person=me(request), now=database_now())
        context |= {"ways": ways, "against": against}
        if ways.passkey_options:
            context |= {"js_data": {"request_options": ways.passkey_options}}
    return render(request, "approvals/request_detail.html", context, status=status)


def page_or_404(request: HttpRequest, reference: str) -> RequestPage:
    """Return the request of that reference as whoever looks sees it. Raises Http404."""
    page = queries.request_page(reference, person=me(request))
    if page is None:
        raise Http404(reference)
    return page


def me(request: HttpRequest) -> User:
    """Return who is logged in; ``needs`` has seen to it that somebody is."""
    if not isinstance(request.user, User):
        raise TypeError("reached without a login")
    return request.user
