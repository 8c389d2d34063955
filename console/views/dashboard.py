"""The dashboard: what came in, what waits, what is stuck."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console.queries.dashboard import build_dashboard
from kernel.doors import needs

IN_WORDS = ("Nothing", "One thing", "Two things", "Three things", "Four things", "Five things")


@needs("revenue.view_order")
@never_cache
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the day at one glance."""
    now = datetime.now(UTC)
    board = build_dashboard(now=now)
    context = {
        "nav": "dashboard",
        "board": board,
        "title": _title(request.user, sum(group.count for group in board.waiting)),
        "waiting_counts": board.counts,
    }
    return render(request, "console/dashboard.html", context)


def _title(person: Any, things: int) -> str:
    """Say how much waits, to whoever reads it, by first name or by the address's first part."""
    name = person.first_name or person.email.partition("@")[0]
    count = IN_WORDS[things] if things < len(IN_WORDS) else f"{things} things"
    verb = "waits" if things <= 1 else "wait"
    return f"{count} {verb} for you, {name}."
