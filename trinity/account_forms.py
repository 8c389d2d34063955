"""allauth's forms in our words: labels say it all, nothing hides in a placeholder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django.forms import Form

CODE_ATTRIBUTES = {"inputmode": "numeric", "class": "code", "spellcheck": "false"}


def _say(form: Form, labels: Mapping[str, str]) -> None:
    """Give the fields of ``form`` our ``labels`` and take their placeholders away."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    for name, label in labels.items():
        form.fields[name].label = label


class LoginForm(account.LoginForm):  # type: ignore[misc]  # allauth has no types
    """E-mail and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"login": "E-mail", "password": "Password"})
        self.fields["password"].help_text = ""
        self.fields["login"].widget.attrs |= {"autocomplete": "username"}


class ReauthenticateForm(account.ReauthenticateForm):  # type: ignore[misc]  # see LoginForm
    """The password once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"password": "Your password"})
        self.fields["password"].help_text = ""


class ResetPasswordForm(account.ResetPasswordForm):  # type: ignore[misc]  # see LoginForm
    """Where to send the link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"email": "E-mail"})


class ResetPasswordKeyForm(account.ResetPasswordKeyForm):  # type: ignore[misc]  # see LoginForm
    """The new password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"password1": "New password", "password2": "New password, once more"})


class ChangePasswordForm(account.ChangePasswordForm):  # type: ignore[misc]  # see LoginForm
    """The old password, and the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(
            self,
            {
                "oldpassword": "Present password",
                "password1": "New password",
                "password2": "New password, once more",
            },
        )
        self.fields["oldpassword"].help_text = ""


class AuthenticateForm(mfa.AuthenticateForm):  # type: ignore[misc]  # see LoginForm
    """A code from the app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"code": "Code"})
        self.fields["code"].help_text = "Six digits from your app, or one of your recovery codes."
        self.fields["code"].widget.attrs |= CODE_ATTRIBUTES | {"autofocus": True}


class MfaReauthenticateForm(mfa.ReauthenticateForm):  # type: ignore[misc]  # see LoginForm
    """The same, to confirm that it is still the same person."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"code": "Code"})
        self.fields["code"].help_text = "Six digits from your app, or one of your recovery codes."
        self.fields["code"].widget.attrs |= CODE_ATTRIBUTES


class ActivateTOTPForm(totp.ActivateTOTPForm):  # type: ignore[misc]  # see LoginForm
    """The first code proves that the app has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"code": "Code that your app shows now"})
        self.fields["code"].widget.attrs |= CODE_ATTRIBUTES


class AddWebAuthnForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]  # see LoginForm
    """A name for the key; the key itself is made by the browser."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"name": "Name of this key", "passwordless": "Let this key log me in by itself"})
        self.fields["name"].help_text = "So that you can tell your keys apart."
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].help_text = (
            "A passkey: no password is asked. Your device checks that it is you, by PIN, "
            "finger or face. Without it, the key is asked for after your password."
        )
