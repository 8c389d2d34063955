"""Account pages of allauth's, where ours keep less than theirs."""

from __future__ import annotations

import json
from typing import Any, Final

from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal import auth
from django.conf import settings
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse

from trinity.passkeys import CHALLENGE_LIVES

SALT: Final = "trinity.passkey-challenge"


class LoginByPasskey(webauthn.LoginWebAuthnView):  # type: ignore[misc]  # allauth has no types
    """Log in with a passkey.

    The challenge waits in the browser, in a signed cookie. allauth keeps it in the session: a row
    for each stranger who asks, and so a limit that strangers use up for whoever shares their
    address.
    """

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return a challenge."""
        response: HttpResponse = super().get(request, *args, **kwargs)
        if state := auth.get_state():
            auth.clear_state()
            response.set_signed_cookie(
                settings.PASSKEY_COOKIE_NAME,
                json.dumps(state),
                salt=SALT,
                max_age=CHALLENGE_LIVES,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Compare the answer with the challenge of this browser."""
        try:
            state = request.get_signed_cookie(
                settings.PASSKEY_COOKIE_NAME, salt=SALT, max_age=CHALLENGE_LIVES
            )
        except (KeyError, BadSignature):
            auth.clear_state()
        else:
            auth.set_state(json.loads(str(state)))
        try:
            response: HttpResponse = super().post(request, *args, **kwargs)
        finally:
            auth.clear_state()
        return response
