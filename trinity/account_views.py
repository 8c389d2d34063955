"""Account pages where what waits between two requests waits in the browser, not in a session.

allauth keeps it in a session: a row for each stranger who asks, and a secret in clear in it.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from allauth.account.internal.flows.password_reset import finalize_password_reset
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import auth
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from trinity.account_forms import ResetPasswordKeyForm
from trinity.passkeys import CHALLENGE_LIVES
from trinity.people.links import whose_link
from trinity.people.usecases.choose_password import choose_password

LINK_WAITS: Final = timedelta(hours=1)
IN_COOKIE: Final = "set-password"  # stands in the address instead of the token


def _keep(response: HttpResponse, name: str, value: str, *, lives: timedelta) -> None:
    """Let the browser keep ``value`` until it comes back with it; nobody else writes one."""
    response.set_signed_cookie(
        name,
        value,
        salt=name,
        max_age=lives,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _kept(request: HttpRequest, name: str, *, lives: timedelta) -> str:
    """Return what this browser was given to keep, or nothing."""
    return str(request.get_signed_cookie(name, default="", salt=name, max_age=lives))


class LoginByPasskey(webauthn.LoginWebAuthnView):  # type: ignore[misc]  # allauth has no types
    """Log in with a passkey: its answer is compared with the challenge of this browser."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return a challenge."""
        response: HttpResponse = super().get(request, *args, **kwargs)
        if state := auth.get_state():
            auth.clear_state()
            name = settings.PASSKEY_COOKIE_NAME
            _keep(response, name, json.dumps(state), lives=CHALLENGE_LIVES)
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Compare the answer."""
        kept = _kept(request, settings.PASSKEY_COOKIE_NAME, lives=CHALLENGE_LIVES)
        auth.set_state(json.loads(kept or "{}"))
        try:
            response: HttpResponse = super().post(request, *args, **kwargs)
        finally:
            auth.clear_state()
        return response


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class ChoosePassword(FormView):  # type: ignore[type-arg]  # it takes none at run time
    """Choose a password by a link, whose token leaves the address at once."""

    form_class = ResetPasswordKeyForm
    template_name = "account/password_reset_from_key.html"
    success_url = reverse_lazy("account_reset_password_from_key_done")

    def dispatch(self, request: HttpRequest, *_: Any, uidb36: str, key: str) -> HttpResponseBase:
        """Move the token into a cookie; then show the form, or save what it says."""
        is_kept = key == IN_COOKIE
        name = settings.LINK_COOKIE_NAME
        self.token = _kept(request, name, lives=LINK_WAITS) if is_kept else key
        self.user = whose_link(uidb36, self.token)
        if self.user is None:
            return self._say_that_it_is_dead()
        if is_kept:
            return super().dispatch(request, uidb36=uidb36, key=key)
        response = redirect("account_reset_password_from_key", uidb36=uidb36, key=IN_COOKIE)
        _keep(response, name, self.token, lives=LINK_WAITS)
        return response

    def get_form_kwargs(self) -> dict[str, Any]:
        """Return what the form needs: it compares the password with its person's names."""
        return {**super().get_form_kwargs(), "user": self.user, "temp_key": self.token}

    def form_valid(self, form: ResetPasswordKeyForm) -> HttpResponse:
        """Save the password, and end whatever session this browser had."""
        password = form.cleaned_data["password1"]
        user = choose_password(
            uidb36=self.kwargs["uidb36"], token=self.token, password=password, now=timezone.now()
        )
        if user is None:
            return self._say_that_it_is_dead()
        logout(self.request)
        finalize_password_reset(self.request, user)
        response = super().form_valid(form)
        response.delete_cookie(settings.LINK_COOKIE_NAME)
        return response

    def _say_that_it_is_dead(self) -> HttpResponse:
        return render(self.request, self.template_name, {"token_fail": True})
