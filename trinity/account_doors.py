"""Account pages of allauth's that a stranger may open, with the limits that they lack."""

from __future__ import annotations

from typing import Final

from allauth.mfa.webauthn import views as webauthn
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from kernel.limits import allow, visitor_key

PASSKEY_CHALLENGES_PER_HOUR: Final = 40


def login_webauthn(request: HttpRequest) -> HttpResponseBase:
    """Log in with a passkey.

    Each challenge is a row of its own, which the browser's answer is compared with: the one thing
    that a stranger makes us keep. allauth counts the answers, not the challenges.
    """
    if request.method != "POST" and not allow(  # HEAD makes one, too
        what="passkey_challenge",
        who=visitor_key(request),
        limit=PASSKEY_CHALLENGES_PER_HOUR,
        per_s=3600,
        is_open_on_failure=False,
    ):
        return render(request, "429.html", status=429)
    answer: HttpResponseBase = webauthn.login_webauthn(request)
    return answer
