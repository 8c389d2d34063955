"""The pages that change a person's second factors: allauth's, each change in one transaction.

Each asks for a fresh login (``account_urls``), which whoever has a second factor gets by that
factor only.
"""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn import views as webauthn
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.views.generic.edit import FormMixin

from trinity.people.operations import end_sessions, use_totp_counter
from trinity.people.queries import newest_factor
from trinity.step_up.freshness import stepped_up


class FactorChange(FormMixin):  # type: ignore[type-arg]  # it takes none at run time
    """A change of a factor and what follows from it, together or not at all."""

    request: HttpRequest

    def form_valid(self, form: BaseForm) -> HttpResponse:
        """Make the change."""
        with transaction.atomic(durable=True):
            response = super().form_valid(form)
            self.follow(form)
        return response

    def follow(self, form: BaseForm) -> None:
        """Do what follows from the change."""


class ActivateTotp(FactorChange, totp.ActivateTOTPView):  # type: ignore[misc]  # allauth has no types
    """Switch the app on, with its first code, which counts as used."""

    def follow(self, form: ActivateTOTPForm) -> None:
        """End the sessions that were opened without the app."""
        app = switched_on(self.request, Authenticator.Type.TOTP)
        use_totp_counter(app.user_id, form.counter)


class DeactivateTotp(FactorChange, totp.DeactivateTOTPView):  # type: ignore[misc]  # see above
    """Switch the app off."""


class AddKey(FactorChange, webauthn.AddWebAuthnView):  # type: ignore[misc]  # see above
    """Add a passkey or security key."""

    def follow(self, form: BaseForm) -> None:  # noqa: ARG002  # as of the app
        """End the sessions that were opened without the key."""
        switched_on(self.request, Authenticator.Type.WEBAUTHN)


class RemoveKey(FactorChange, webauthn.RemoveWebAuthnView):  # type: ignore[misc]  # see above
    """Remove a passkey or security key."""


class RenewCodes(FactorChange, recovery_codes.GenerateRecoveryCodesView):  # type: ignore[misc]  # see above
    """Make new recovery codes; the old ones stop working."""


def switched_on(request: HttpRequest, kind: Authenticator.Type) -> Authenticator:
    """End all other sessions: they were opened without the factor, which has just proved who.

    Returns the factor.
    """
    factor = newest_factor(request.user.pk, kind)
    stepped_up(request, factor)
    end_sessions(factor.user, but=request.session.session_key)
    return factor
