"""The dashboard: what came in, what waits, what is stuck."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console.queries.dashboard import build_dashboard
from console.queries.waiting import TO_ACT, just_dismissed
from kernel.permissions import needs

IN_WORDS = (
    *("Nothing", "One", "Two", "Three", "Four", "Five"),
    *("Six", "Seven", "Eight", "Nine", "Ten"),
)  # then figures


@needs("revenue.view_order")
@never_cache
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the day at one glance."""
    now = datetime.now(UTC)
    person = request.user if isinstance(request.user, User) else None
    board = build_dashboard(person=person, now=now)
    whom = "you" if any(request.user.has_perm(permission) for permission in TO_ACT) else "the team"
    context = {
        "nav": "dashboard",
        "board": board,
        "title": _title(
            _first_name(request.user), sum(group.count for group in board.waiting), whom=whom
        ),
        "whom": whom,
        "waiting_counts": board.counts,
        "dismissed": just_dismissed(request.GET),
    }
    return render(request, "console/dashboard.html", context)


def _first_name(person: User | AnonymousUser) -> str:
    """Return what to call ``person``: by first name, or by the address's first part."""
    if isinstance(person, AnonymousUser):
        return ""
    return person.first_name or person.email.partition("@")[0]


def _title(name: str, things: int, *, whom: str) -> str:
    """Say how much waits, to whoever reads it."""
    count = IN_WORDS[things] if things < len(IN_WORDS) else str(things)
    noun = {0: "", 1: " thing"}.get(things, " things")
    verb = "waits" if things <= 1 else "wait"
    return f"{count}{noun} {verb} for {whom}, {name}."
