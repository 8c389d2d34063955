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
from notices import kinds
from notices.enums import AlertStanding


def _kinds() -> list[tuple[str, str]]:
    """Return the kinds of alerts that are listed here."""
    listed = [kind for kind in kinds.known().values() if not kind.has_own_list]
    return [("", "Anything"), *((kind.name, kind.words) for kind in listed)]


class AlertFilterForm(forms.Form):
    """What narrows the list of alerts."""

    standing = forms.ChoiceField(required=False, label="State", choices=AlertStanding.choices)
    kind = forms.ChoiceField(required=False, label="What", choices=_kinds)
    assigned = forms.ChoiceField(
        required=False, label="Assigned to", choices=[("", "Anybody"), ("me", "Me")]
    )


@needs("notices.view_alert")
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
