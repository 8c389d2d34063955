"""Everything that operators were alerted of: what stands, what sleeps, what was dismissed."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from console.queries.waiting import alerts_page, just_dismissed
from kernel.paging import Cursor
from kernel.permissions import needs
from revenue.enums import AlertKind, AlertStanding
from revenue.queries import ALERTS_TOLD_ELSEWHERE

KINDS = [(kind.value, kind.label) for kind in AlertKind if kind not in ALERTS_TOLD_ELSEWHERE]


class AlertFilterForm(forms.Form):
    """What narrows the list of alerts."""

    standing = forms.ChoiceField(required=False, label="State", choices=AlertStanding.choices)
    kind = forms.ChoiceField(required=False, label="What", choices=[("", "Anything"), *KINDS])
    assigned = forms.ChoiceField(
        required=False, label="Assigned to", choices=[("", "Anybody"), ("me", "Me")]
    )


@needs("revenue.view_order")
@never_cache
@require_safe
def alert_list(request: HttpRequest) -> HttpResponse:
    """List alerts by state, kind and person, newest first; the open ones unless asked otherwise."""
    form = AlertFilterForm(request.GET)
    narrowed = form.cleaned_data if form.is_valid() else {}
    standing = AlertStanding(narrowed.get("standing") or AlertStanding.OPEN)
    page = alerts_page(
        cursor=Cursor.from_query(request.GET),
        standing=standing,
        kind=narrowed.get("kind", ""),
        assigned_to_id=request.user.pk if narrowed.get("assigned") else None,
    )
    context = {
        "nav": "alert-list",
        "form": form,
        "is_filtered": any(narrowed.values()),
        "standing": standing,
        "dismissed": just_dismissed(request.GET),
        "alerts": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "console/alert_list.html", context)
