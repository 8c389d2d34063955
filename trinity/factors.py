"""The pages that change a person's second factors: allauth's, and what follows from each change.

Every change goes through ``factor_changed``. Each asks for a fresh login (``account_urls``), which
whoever has a second factor gets by that factor only.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from trinity.people.operations import end_sessions, use_totp_counter
from trinity.step_up.freshness import stepped_up


class FactorChange(StrEnum):
    """What became of a second factor."""

    TOTP_ON = "totp_on"
    TOTP_OFF = "totp_off"
    KEY_ADDED = "key_added"
    KEY_REMOVED = "key_removed"
    CODES_RENEWED = "codes_renewed"


SWITCHED_ON = {
    FactorChange.TOTP_ON: Authenticator.Type.TOTP,
    FactorChange.KEY_ADDED: Authenticator.Type.WEBAUTHN,
}


def factor_changed(request: HttpRequest, change: FactorChange) -> int:
    """Draw the consequences of a change, in its transaction; return how many sessions ended.

    A factor that was switched on has just proved who this is, and ends all other sessions: they
    were opened without it.
    """
    user = request.user
    if not isinstance(user, User) or change not in SWITCHED_ON:
        return 0
    held = Authenticator.objects.filter(user=user, type=SWITCHED_ON[change])
    stepped_up(request, held.latest("pk"))
    return end_sessions(user, but=request.session.session_key)


class ActivateTotp(totp.ActivateTOTPView):  # type: ignore[misc]  # allauth has no types
    """Switch the app on, with its first code."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep the app, and that its first code was used."""
        with transaction.atomic(durable=True):
            response: HttpResponse = super().form_valid(form)
            use_totp_counter(self.request.user.pk, form.counter)
            factor_changed(self.request, FactorChange.TOTP_ON)
        return response


class DeactivateTotp(totp.DeactivateTOTPView):  # type: ignore[misc]  # see above
    """Switch the app off."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Forget the app."""
        with transaction.atomic(durable=True):
            response: HttpResponse = super().form_valid(form)
            factor_changed(self.request, FactorChange.TOTP_OFF)
        return response


class AddKey(webauthn.AddWebAuthnView):  # type: ignore[misc]  # see above
    """Add a passkey or security key."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep the key."""
        with transaction.atomic(durable=True):
            response: HttpResponse = super().form_valid(form)
            factor_changed(self.request, FactorChange.KEY_ADDED)
        return response


class RemoveKey(webauthn.RemoveWebAuthnView):  # type: ignore[misc]  # see above
    """Remove a passkey or security key."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Forget the key."""
        with transaction.atomic(durable=True):
            response: HttpResponse = super().form_valid(form)
            factor_changed(self.request, FactorChange.KEY_REMOVED)
        return response


class RenewCodes(recovery_codes.GenerateRecoveryCodesView):  # type: ignore[misc]  # see above
    """Make new recovery codes."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Make them; the old ones stop working."""
        with transaction.atomic(durable=True):
            response: HttpResponse = super().form_valid(form)
            factor_changed(self.request, FactorChange.CODES_RENEWED)
        return response
