"""What people see when something went wrong: what happened, what did not, what to do."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from kernel.connections import is_database_away
from kernel.hourly_counters import door_of
from kernel.log_tally import Count, Tally
from trinity.context import deployment
from trinity.logins.enums import Refusal
from trinity.logins.operations import count_refusal, note_refused_access

logger = logging.getLogger(__name__)
TOLD_EVERY_S: Final = 60.0


def _tell_unanswered(unanswered: Mapping[str, Count]) -> None:
    for error, each in unanswered.items():
        told = {"error": error, "requests": each.times}
        logger.error("refused: the database does not answer", extra=told)


# Nobody can be served meanwhile: one line a minute for all who ask.
_unanswered = Tally(_tell_unanswered, every_s=lambda: TOLD_EVERY_S)


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


def _bare(
    request: HttpRequest, template: str, *, status: int, is_known: bool = False
) -> HttpResponse:
    """Answer with a page that says whose it is and in which mode, and touches no store at all."""
    is_console = request.path.startswith(("/console/", "/admin/"))
    home = "/console/" if is_console else "/"
    context = {**deployment(request), "is_console": is_console, "home": home}
    context["is_known"] = is_known
    return render(None, template, context, status=status)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 where the database is away: whatever broke, this page must not."""
    if is_database_away(error := sys.exc_info()[1]):
        return database_away(request, error)
    return _bare(request, "500.html", status=500)


def database_away(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """Answer 503: no statement reaches the database. What one did before is then not known."""
    _unanswered.add(type(error).__name__)
    return unavailable(request, is_known=request.method in {"GET", "HEAD"})


def unavailable(request: HttpRequest, *, is_known: bool = True) -> HttpResponse:
    """Answer 503: something this page cannot do without is down.

    ``is_known`` says that nothing was done.
    """
    response = _bare(request, "503.html", status=503, is_known=is_known)
    response["Retry-After"] = "30"
    return response
