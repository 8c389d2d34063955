"""What people see when something went wrong: what happened, what did not, what to do."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from kernel.tallies import door_of
from trinity.context import deployment
from trinity.logins.enums import Refusal
from trinity.logins.operations import count_refusal, note_refused_access

logger = logging.getLogger(__name__)


def _page(request: HttpRequest, template: str, *, status: int) -> HttpResponse:
    user = getattr(request, "user", None)
    is_console = request.path.startswith("/console/") and user and user.is_authenticated
    layout = "console.html" if is_console else "public.html"
    return render(request, template, {"layout": layout, "nav": ""}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400. The error's text may be the visitor's, so only its kind is written down."""
    logger.warning("request refused", extra={"error": type(exception).__name__})
    return _page(request, "400.html", status=400)


def permission_denied(
    request: HttpRequest,
    exception: Exception,  # noqa: ARG001  # Django names it
) -> HttpResponse:
    """Answer 403: the role does not reach that far. Who asked for what is written down."""
    if request.user.is_authenticated:
        name = _view_name(request)
        note_refused_access(user_id=request.user.pk, view_name=name, now=timezone.now())
    return _page(request, "403.html", status=403)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Answer 429: one of allauth's limits is reached. Counted, not listed: a stranger may do it."""
    door = door_of(_view_name(request))
    count_refusal(Refusal.LIMIT, whose=door, now=timezone.now())
    return _page(request, "429.html", status=429)


def _view_name(request: HttpRequest) -> str:
    return request.resolver_match.view_name if request.resolver_match else "unknown"


def page_not_found(
    request: HttpRequest,
    exception: Exception,  # noqa: ARG001  # Django names it
) -> HttpResponse:
    """Answer 404."""
    return _page(request, "404.html", status=404)


def too_large(request: HttpRequest) -> HttpResponse:
    """Answer 413: more was sent than this page can need."""
    return _page(request, "413.html", status=413)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 where the form's key was missing or old, or another site sent it."""
    # "Origin checking failed - …": what follows the dash, the visitor sent.
    logger.warning("form refused", extra={"reason": reason.partition(" - ")[0]})
    return _page(request, "403_csrf.html", status=403)


def _bare(request: HttpRequest, template: str, *, status: int) -> HttpResponse:
    """Answer with a page that says whose it is and in which mode, and touches no store at all."""
    is_console = request.path.startswith(("/console/", "/admin/"))
    home = "/console/" if is_console else "/"
    context = {**deployment(request), "is_console": is_console, "home": home}
    return render(None, template, context, status=status)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500: whatever broke, this page must not."""
    return _bare(request, "500.html", status=500)


def unavailable(request: HttpRequest) -> HttpResponse:
    """Answer 503: something this page cannot do without is down."""
    response = _bare(request, "503.html", status=503)
    response["Retry-After"] = "30"
    return response
