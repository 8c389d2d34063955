"""Figures against rubber-stamping: for owners and auditors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from approvals.pictures import MonthChart, chart_of_months
from approvals.queries.figures import HASTE_S, MONTHS, Figure, decision_figures, first_month
from kernel.liveness import database_now
from kernel.permissions import needs

NAV: Final = "approval-inbox"


@needs("approvals.view_figures")
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Show how people decide, by person and month. One statement."""
    now = database_now()
    found = decision_figures(now=now)
    context = {"nav": NAV, "figures": found, "chart": _chart(found, now=now), "haste_s": HASTE_S}
    return render(request, "approvals/figures.html", context)


def _chart(figures: Sequence[Figure], *, now: datetime) -> MonthChart | None:
    """Return the picture of the deployment's own environment: two are never added."""
    counts: dict[date, tuple[int, int]] = {}
    for each in figures:
        if each.mode == settings.DEPLOYMENT_MODE:
            counted, hasty = counts.get(each.month, (0, 0))
            counts[each.month] = (counted + each.decisions, hasty + each.hasty)
    first = first_month(now)
    months = [
        date(first.year + (first.month - 1 + place) // 12, (first.month - 1 + place) % 12 + 1, 1)
        for place in range(MONTHS)
    ]
    return chart_of_months(months, counts)
