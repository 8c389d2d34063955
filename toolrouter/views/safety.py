"""The safety page, its history, and the forms by which an owner changes it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from kernel.paging import Cursor
from kernel.permissions import fresh_login, needs
from toolrouter.enums import CapScope, CapWindow, Family, Posture, Scope
from toolrouter.forms.safety import CapForm, PostureForm, SettingsForm
from toolrouter.operations import CapKey
from toolrouter.queries import pages
from toolrouter.queries.account import account_settings
from toolrouter.queries.cap_pages import caps_shown
from toolrouter.usecases.change_cap import change_cap
from toolrouter.usecases.change_safety import change_account_settings, change_posture
from toolrouter.views.shared import FormPage, by, page_of_scope, scope_asked, scope_in_words

SAVED, SAME = "Saved.", "Nothing changed: it was so already."
SCOPE_OF_CAP = {
    CapScope.ACCOUNT: Scope.ACCOUNT,
    CapScope.PROJECT: Scope.PROJECT,
    CapScope.EACH_RUN: Scope.PROJECT,
    CapScope.RUN: Scope.RUN,
}
NEW_RUNS = "A run copies it when it begins; runs that have begun keep theirs."


@needs("toolrouter.view_safetysettings")
@never_cache
@require_safe
def safety(request: HttpRequest) -> HttpResponse:
    """Show how the account stands, its caps and settings, and what stands otherwise than usual."""
    context = {
        "nav": "safety",
        "standing": pages.standing_of(Scope.ACCOUNT, ""),
        "settings": account_settings(),
        "caps": caps_shown(scopes=[CapScope.ACCOUNT], ref=""),
        "stops": pages.stops_that_stand(),
        "unusual": pages.not_as_usual(),
        "incidents": pages.incidents_page(cursor=Cursor(), is_open=True).rows,
    }
    return render(request, "toolrouter/safety.html", context)


@needs("toolrouter.view_safetychange")
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """List who changed which safety setting, from what to what, and why. One statement."""
    page = pages.changes_page(
        cursor=Cursor.from_query(request.GET),
        scope=request.GET.get("scope", ""),
        ref=request.GET.get("ref", ""),
    )
    context = {
        "nav": "safety",
        "changes": page.rows,
        "older_address": page.older_address(request.GET),
        "newer_address": page.newer_address(request.GET),
    }
    return render(request, "toolrouter/safety_history.html", context)


@needs("toolrouter.change_safety")
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def posture(request: HttpRequest) -> HttpResponse:
    """Change how much agents may do in the account, a project or a run."""
    scope, ref = scope_asked(request)
    standing = pages.standing_of(scope, ref)
    if standing is None:
        raise Http404(ref)
    start = {"scope": scope, "ref": ref, "posture": standing.posture}
    form = PostureForm(request.POST or None, initial=start)
    page = FormPage(
        title=f"Change the posture of {scope_in_words(scope)}",
        button="Change the posture",
        back=page_of_scope(scope, ref),
        intro="The strictest of account, project and run holds.",
    )
    if request.method != "POST" or not form.is_valid():
        return page.show(request, form, status=400 if form.is_bound else 200)
    changed = change_posture(
        scope=scope,
        ref=ref,
        posture=Posture(form.cleaned_data["posture"]),
        by=by(request, form),
        now=timezone.now(),
    )
    messages.success(request, SAVED if changed else SAME)
    return redirect(page.back)


@needs("toolrouter.change_safety")
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def cap(request: HttpRequest, cap_scope: str) -> HttpResponse:
    """Set a cap of the account, of a project, of each of its runs, or of one run."""
    bounds = _cap_scope(cap_scope)
    scope = SCOPE_OF_CAP[bounds]
    ref = "" if scope == Scope.ACCOUNT else request.GET.get("ref", "")
    if pages.standing_of(scope, ref) is None:
        raise Http404(ref)
    form = CapForm(request.POST or None, initial=request.GET.dict())
    page = FormPage(
        title=f"Set a cap: {bounds.label.lower()}",
        button="Set the cap",
        back=page_of_scope(scope, ref),
        intro=NEW_RUNS if bounds == CapScope.EACH_RUN else "",
    )
    if request.method != "POST" or not form.is_valid():
        return page.show(request, form, status=400 if form.is_bound else 200)
    money = form.cleaned_data["money"]
    key = CapKey(
        scope=bounds,
        ref=ref,
        family=Family(form.cleaned_data["family"]),
        currency=money.currency,
        mode=form.cleaned_data["mode"],
        time_window=CapWindow(form.cleaned_data["time_window"]),
    )
    changed = change_cap(key=key, limit=money, by=by(request, form), now=timezone.now())
    messages.success(request, f"The cap is {money}." if changed else SAME)
    return redirect(page.back)


def _cap_scope(word: str) -> CapScope:
    try:
        return CapScope(word)
    except ValueError as error:
        raise Http404(word) from error


@needs("toolrouter.change_safety")
@fresh_login
@never_cache
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """Change the account's switches, thresholds and deadlines."""
    form = SettingsForm(request.POST or None, initial=SettingsForm.initial_of(account_settings()))
    page = FormPage(
        title="Change the account's settings",
        button="Save the settings",
        back=page_of_scope(Scope.ACCOUNT, ""),
        intro="In live mode LIVE_OUTREACH and LIVE_SPEND of the environment must be on as well.",
    )
    if request.method != "POST" or not form.is_valid():
        return page.show(request, form, status=400 if form.is_bound else 200)
    changed = change_account_settings(wanted=form.wanted, by=by(request, form), now=timezone.now())
    messages.success(request, SAVED if changed else SAME)
    return redirect(page.back)
