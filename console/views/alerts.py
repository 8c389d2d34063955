"""Everything that operators were alerted of and that still stands."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console.queries.waiting import open_alerts
from kernel.doors import needs
from kernel.paging import Cursor
from revenue.enums import AlertKind
from revenue.queries import ALERTS_TOLD_ELSEWHERE

KINDS = [(kind.value, kind.label) for kind in AlertKind if kind not in ALERTS_TOLD_ELSEWHERE]


class AlertFilterForm(forms.Form):
    """What narrows the list of alerts."""

    kind = forms.ChoiceField(required=False, label="What", choices=[("", "Anything"), *KINDS])


@needs("revenue.view_order")
@never_cache
@require_safe
def alert_list(request: HttpRequest) -> HttpResponse:
    """List the open alerts by kind, newest first. Two statements."""
    form = AlertFilterForm(request.GET)
    kind = form.cleaned_data.get("kind", "") if form.is_valid() else ""
    page = open_alerts(cursor=Cursor.from_query(request.GET), kind=kind)
    context = {
        "nav": "dashboard",
        "form": form,
        "is_filtered": bool(kind),
        "alerts": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "console/alert_list.html", context)
