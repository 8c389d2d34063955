"""What one wants to be mailed: a page of one's own account."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kernel.liveness import database_now
from kernel.permissions import needs
from notices.forms.preferences import PreferencesForm, initial_of
from notices.queries.preferences import CHOOSES, choice_of
from notices.usecases.choose_notices import choose_notices


@needs(CHOOSES)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Show what I chose, and keep what I choose now."""
    user_id = int(request.user.pk or 0)  # never 0: ``needs`` has seen to it
    if request.method != "POST":
        form = PreferencesForm(user_id=user_id, initial=initial_of(choice_of(user_id)))
        return _page(request, form)
    form = PreferencesForm(request.POST, user_id=user_id)
    if not form.is_valid():
        return _page(request, form, status=400)
    choose_notices(user_id=user_id, choice=form.choice, now=database_now())
    messages.success(request, "Saved.")
    return redirect("notice-preferences")


def _page(request: HttpRequest, form: PreferencesForm, *, status: int = 200) -> HttpResponse:
    context = {"nav": "notice-preferences", "form": form}
    return render(request, "notices/preferences.html", context, status=status)
