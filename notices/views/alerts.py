"""Alerts: one of them, and what a person does about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from kernel.permissions import needs
from notices.forms.alerts import AssignForm, SnoozeForm
from notices.kinds import TEND
from notices.queries.alerts import alert_file
from notices.usecases import tend_alert
from notices.usecases.tend_alert import NoSuchAlert, NotTended

READ = "notices.view_alert"
BACK_TO = {"alert-list": "alert-list", "alert": "alert"}  # else the dashboard


@needs(READ)
@never_cache
@require_safe
def alert(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one alert and what can be done about it."""
    return _page(request, reference)


def _page(
    request: HttpRequest,
    reference: str,
    *,
    snooze: SnoozeForm | None = None,
    assign: AssignForm | None = None,
    status: int = 200,
) -> HttpResponse:
    found = alert_file(reference)
    if found is None:
        raise Http404(reference)
    kind, matter = found.alert.of_kind, found.alert.matter
    assigned = {"to": found.alert.assigned_to_id}
    context = {
        "nav": "alert-list",
        "file": found,
        "alert": found.alert,
        "title": kind.words,
        "about_address": kind.address_of(matter),
        "details": kind.details_of(matter),
        "snooze_form": snooze or SnoozeForm(),
        "assign_form": assign or AssignForm(initial=assigned),
    }
    return render(request, "notices/alert.html", context, status=status)


@needs(TEND)
@require_POST
def dismiss(request: HttpRequest, reference: str) -> HttpResponse:
    """Take an alert off the list; the page that follows offers to undo it."""
    return _tend(request, reference, by=tend_alert.dismiss_alert, is_undone_by=True)


@needs(TEND)
@require_POST
def undo(request: HttpRequest, reference: str) -> HttpResponse:
    """Put a dismissed alert back."""
    return _tend(request, reference, by=tend_alert.undo_dismissal, words="It is on the list again.")


@needs(TEND)
@require_POST
def snooze(request: HttpRequest, reference: str) -> HttpResponse:
    """Let an alert sleep until a day; without a day, wake it."""
    if "wake" in request.POST:
        return _tend(
            request, reference, by=tend_alert.snooze_alert, until=None, words="It shows again."
        )
    form = SnoozeForm(request.POST)
    if not form.is_valid():
        return _page(request, reference, snooze=form, status=400)
    until: datetime = form.cleaned_data["until"]
    words = f"Snoozed until {until.day} {until:%b %Y}."
    return _tend(
        request, reference, by=tend_alert.snooze_alert, until=until, words=words, form=form
    )


@needs(TEND)
@require_POST
def assign(request: HttpRequest, reference: str) -> HttpResponse:
    """Give an alert to somebody, or to nobody."""
    form = AssignForm(request.POST)
    if not form.is_valid():
        return _page(request, reference, assign=form, status=400)
    to_id: int | None = form.cleaned_data["to"]
    words = "Assigned." if to_id else "Assigned to nobody."
    return _tend(request, reference, by=tend_alert.assign_alert, to_id=to_id, words=words)


def _tend(
    request: HttpRequest,
    reference: str,
    *,
    by: Callable[..., object],
    words: str = "",
    is_undone_by: bool = False,
    form: forms.Form | None = None,
    **more: object,
) -> HttpResponse:
    """Do ``by`` a use-case, say ``words`` or why not, and go back to where it was asked."""
    try:
        by(
            alert_ref=reference,
            actor_id=int(request.user.pk or 0),  # never 0: needs() let a person in
            now=datetime.now(UTC),
            **more,
        )
    except NoSuchAlert as error:
        raise Http404(reference) from error
    except NotTended as refusal:
        if form is not None:
            form.add_error(None, str(refusal))
            return _page(request, reference, snooze=form, status=400)  # type: ignore[arg-type]  # the one form that is handed in
        messages.error(request, str(refusal))
        return redirect("alert", reference)
    if words:
        messages.success(request, words)
    return redirect(_back(request, reference, is_undone_by=is_undone_by))


def _back(request: HttpRequest, reference: str, *, is_undone_by: bool) -> str:
    """Return the page that asked; after a dismissal it shows what was dismissed, with an undo."""
    back = BACK_TO.get(request.POST.get("back", ""), "dashboard")
    address = reverse(back, args=[reference] if back == "alert" else [])
    is_shown = is_undone_by and back != "alert"
    return f"{address}?{urlencode({'dismissed': reference})}" if is_shown else address
