"""What a visitor sees of crm: the request form and its thanks."""

from __future__ import annotations

import hashlib
import logging
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from crm.forms import SnapshotRequestForm
from crm.policy import email_key
from crm.usecases.request_snapshot import keep_trapped
from crm.usecases.request_snapshot import request_snapshot as request_snapshot_usecase
from kernel.limits import allow, visitor_key
from kernel.permissions import public

logger = logging.getLogger(__name__)

POSTS_PER_VISITOR, VISITOR_WINDOW_S = 20, 3600
REQUESTS_PER_EMAIL, EMAIL_WINDOW_S = 5, 24 * 3600
TOO_MANY: Final = (
    "Nothing was sent: there were too many requests from here or for this address. "
    "What you wrote is still below. Try again in an hour, or write to {contact}."
)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def request_snapshot(request: HttpRequest) -> HttpResponse:
    """Show the form; file what comes back. The answer never says who is known."""
    if request.method != "POST":
        return _form_page(request, SnapshotRequestForm.fresh())
    form = SnapshotRequestForm(request.POST)
    if not _may_post(request):
        return _too_many(request, form)
    if not form.is_valid():
        return _form_page(request, form)
    asked = form.asked()
    if not _may_ask(asked.email):
        return _too_many(request, form)
    file_it = keep_trapped if form.is_trapped else request_snapshot_usecase
    if form.is_trapped:
        logger.info("snapshot request trapped")
    file_it(
        asked=asked,
        trace_ref=form.cleaned_data["form_key"],
        mode=settings.DEPLOYMENT_MODE,
        now=timezone.now(),
    )
    return redirect("request-thanks")


@public
@require_safe
def request_thanks(request: HttpRequest) -> HttpResponse:
    """Say what happens next."""
    return render(request, "crm/request_thanks.html", {"nav": "request-snapshot"})


def _may_post(request: HttpRequest) -> bool:
    return allow(
        what="request_snapshot.visitor",
        who=visitor_key(request),
        limit=POSTS_PER_VISITOR,
        per_s=VISITOR_WINDOW_S,
        is_open_on_failure=True,
    )


def _may_ask(email: str) -> bool:
    return allow(
        what="request_snapshot.email",
        who=hashlib.sha256(email_key(email).encode()).hexdigest()[:32],
        limit=REQUESTS_PER_EMAIL,
        per_s=EMAIL_WINDOW_S,
        is_open_on_failure=True,
    )


def _too_many(request: HttpRequest, form: SnapshotRequestForm) -> HttpResponse:
    form.add_error(None, TOO_MANY.format(contact=settings.SELLER_CONTACT))
    return _form_page(request, form, status=429)


def _form_page(
    request: HttpRequest, form: SnapshotRequestForm, *, status: int = 200
) -> HttpResponse:
    context = {"form": form, "nav": "request-snapshot"}
    return render(request, "crm/request.html", context, status=status)
