"""What answers when a view asked for a fresh login and there was none."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from trinity.step_up.views import ask
from trinity.step_up.waiting import interrupted

GetResponse = Callable[[HttpRequest], HttpResponse]


class StepUp:
    """Lead whoever must prove who they are to our own page, with the form that they sent.

    Stands inside allauth's middleware, which would otherwise keep the whole request, the process's
    environment included, in the session, and send it later by itself.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; the work is in ``process_exception``."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a missing proof with the login, or with the page that asks for the proof."""
        if not isinstance(error, ReauthenticationRequired):
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        waiting = interrupted(request)
        if request.method == "POST":
            return ask(request, waiting)
        query = urlencode({REDIRECT_FIELD_NAME: waiting.address})
        return redirect(f"{reverse('account_reauthenticate')}?{query}")
