"""The page that asks who it is, and the one that shows what waits and lets the person send it."""

from __future__ import annotations

from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from trinity.paths import page_above
from trinity.step_up.forms import PasskeyProof, Proving, ways_to_prove
from trinity.step_up.freshness import is_fresh, stepped_up
from trinity.step_up.waiting import NO_FORM, PendingRequest, asked_for
from trinity.step_up.words import action_words, lines


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def reauthenticate(request: HttpRequest) -> HttpResponse:
    """Ask who it is; then go on to the page that asked, or show the form that waits for it."""
    waiting = asked_for(request)
    if request.method != "POST":
        return redirect(waiting.address) if is_fresh(request) else ask(request, waiting)
    answers = ways_to_prove(_me(request), request.POST)
    right = next((form for form in answers if form.is_valid()), None)
    if right is None:
        return ask(request, waiting, answers)
    stepped_up(request, right.authenticator)
    return _go_on(request, waiting)


def ask(
    request: HttpRequest, waiting: PendingRequest, answers: list[Proving] | None = None
) -> HttpResponse:
    """Show the ways to prove who one is, each with what waits in hidden inputs.

    ``answers`` are the ways that were tried already, with what is wrong with them.
    """
    me = _me(request)
    ways = ways_to_prove(me) if answers is None else answers
    has_key = any(isinstance(way, PasskeyProof) for way in ways)
    page = {
        "nav": "",
        "ways": ways,
        "waiting": waiting,
        "action": action_words(waiting, me),
        "page_above": page_above(waiting.path),
        "js_data": {"request_options": begin_authentication(me)} if has_key else None,
    }
    return render(request, "account/reauthenticate.html", page)


def _go_on(request: HttpRequest, waiting: PendingRequest) -> HttpResponse:
    """Show a form that waits, for the person to send; a page that waits is simply opened."""
    if waiting.is_form:
        page = {
            "nav": "",
            "waiting": waiting,
            "action": action_words(waiting, _me(request)),
            "lines": lines(waiting),
            "page_above": page_above(waiting.path),
        }
        return render(request, "account/confirmed.html", page)
    if waiting.form != NO_FORM:
        messages.info(request, "You're confirmed. Nothing was sent: please fill in the form again.")
    return redirect(waiting.address)


def _me(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("reached without a login")
    return request.user
