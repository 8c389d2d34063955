"""Our books against Stripe's: every comparison, and one of them in full."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kernel.lookups import found_or_404
from kernel.nudges import nudge
from kernel.paging import Cursor
from kernel.permissions import needs
from kernel.state_words import OperatorWords
from revenue.enums import Gap
from revenue.enums.for_operators import GAPS
from revenue.queries.reconciled import (
    differences_of,
    newest_run,
    reconcile_run,
    reconcile_runs_page,
    still_open,
)

SEE: Final = "revenue.view_stripewebhookevent"
NAV: Final = "reconcile-list"


@never_cache
@require_safe
@needs(SEE)
def runs(request: HttpRequest) -> HttpResponse:
    """List every comparison, newest first, with how the newest one ended."""
    newest = newest_run(mode=settings.DEPLOYMENT_MODE)
    page = reconcile_runs_page(cursor=Cursor.from_query(request.GET))
    context = {
        "nav": NAV,
        "runs": page.rows,
        "newest": newest,
        "still_open": still_open(newest) if newest else "",
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "revenue/reconcile_list.html", context)


@never_cache
@require_safe
@needs(SEE)
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show one comparison: what was found, what differs, and the totals by day."""
    shown = found_or_404(reconcile_run(run_id))
    context = {
        "nav": NAV,
        "run": shown,
        "days": [(row, _gap(row)) for row in shown.days],
        "differences": differences_of(shown),
        "still_open": still_open(shown),
        "took": shown.finished_at - shown.started_at if shown.finished_at else None,
    }
    return render(request, "revenue/reconcile_run.html", context)


def _gap(row: Mapping[str, Any]) -> OperatorWords | None:
    """Return why both totals of a day differ; None where they are the same."""
    is_same = row["ours_minor"] == row["theirs_minor"]
    return None if is_same else GAPS[row.get("because") or Gap.DIFFERS]


@require_POST
@needs("revenue.replay_webhook")
def start(request: HttpRequest) -> HttpResponse:
    """Ask a worker to compare the books now."""
    newest = newest_run(mode=settings.DEPLOYMENT_MODE)
    nudge("reconcile.wanted")
    messages.info(
        request,
        "A worker reconciles the books now. Reload this page in a moment."
        if newest is None or newest.finished_at
        else f"A reconciliation is under way since {newest.started_at.astimezone(UTC):%H:%M} UTC.",
    )
    return redirect("reconcile-list")
