"""allauth's forms in our words: labels say it all, nothing hides in a placeholder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account import forms as account
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context as allauth_context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed
from django.contrib.auth.models import User
from django.forms import CharField, Form, TextInput
from django.http import HttpRequest
from django.utils import timezone

from kernel.limits import visitor_key
from trinity.accounts import secret_to_set_up
from trinity.logins import browsers, limits
from trinity.people.mails import queue_reset
from trinity.people.queries import person_at
from trinity.people.usecases.accept_code import accept_code, fitting_counters

CODE_ATTRIBUTES = {"inputmode": "numeric", "class": "code", "spellcheck": "false"}


def _say(form: Form, labels: Mapping[str, str]) -> None:
    """Give the fields of ``form`` our ``labels`` and take their placeholders away."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    for name, label in labels.items():
        form.fields[name].label = label


def _attempt_of_code(user: User) -> limits.Attempt:
    """Count one code of ``user``, before it is compared. Raises ValidationError at too many."""
    browser = browsers.browser_id(allauth_context.request, user)
    attempt = limits.attempt_of_code(user_id=user.pk, browser=browser)
    if not attempt.is_allowed:
        raise get_account_adapter().validation_error("too_many_login_attempts")
    return attempt


class LoginForm(account.LoginForm):  # type: ignore[misc]  # allauth has no types
    """E-mail and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"login": "E-mail", "password": "Password"})
        self.fields["password"].help_text = ""
        self.fields["login"].widget.attrs |= {"autocomplete": "username"}


class ResetPasswordForm(account.ResetPasswordForm):  # type: ignore[misc]  # see LoginForm
    """Where to send the link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"email": "E-mail"})

    def clean_email(self) -> str:
        """Return the address, whether anybody has it or not, unless it was asked for too often."""
        request, address = allauth_context.request, str(self.cleaned_data["email"])
        attempt = limits.attempt_of_link(
            address=address,
            visitor=visitor_key(request),
            browser=browsers.browser_id(request, person_at(address)),
        )
        if not attempt.is_allowed:
            raise get_account_adapter().validation_error("too_many_login_attempts")
        return address

    def save(self, request: HttpRequest, **_theirs: Any) -> str:  # noqa: ARG002  # theirs
        """Queue the link, whether or not somebody has the address."""
        queue_reset(typed=self.cleaned_data["email"], now=timezone.now())
        return str(self.cleaned_data["email"])


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

    def clean_oldpassword(self) -> str:
        """Compare it as a login does: wrong ones are counted, and too many end the trying."""
        typed: str = self.cleaned_data["oldpassword"]
        if not get_account_adapter().reauthenticate(self.user, typed):
            raise get_account_adapter().validation_error("enter_current_password")
        return typed


class CodeForm(mfa.AuthenticateForm):  # type: ignore[misc]  # see LoginForm
    """A code from the app, or a recovery code: each is taken once."""

    is_step_up = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _say(self, {"code": "Code"})
        self.fields["code"].help_text = "Six digits from your app, or one of your recovery codes."
        self.fields["code"].widget.attrs |= CODE_ATTRIBUTES

    def clean_code(self) -> str:
        """Take the code, and count a wrong one against the person's tries."""
        attempt = _attempt_of_code(self.user)
        code: str = self.cleaned_data["code"]
        factor = accept_code(user_id=self.user.pk, code=code)
        if factor is None:
            self._say_that_it_failed()
            raise get_adapter().validation_error("incorrect_code")
        attempt.give_back()
        self.authenticator = factor
        return code

    def _say_that_it_failed(self) -> None:
        held = Authenticator.objects.filter(user=self.user).exclude(
            type=Authenticator.Type.WEBAUTHN
        )
        authentication_failed.send(
            sender=Authenticator,
            request=allauth_context.request,
            user=self.user,
            authenticator=held.order_by("-type").first(),
            reauthentication=self.is_step_up,
        )


class AuthenticateForm(CodeForm):
    """The code that is asked for after the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"autofocus": True}


class ActivateTOTPForm(Form):
    """The first code proves that the app has the secret."""

    code = CharField(
        label="Code that your app shows now",
        widget=TextInput(attrs={"autocomplete": "one-time-code", **CODE_ATTRIBUTES}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.secret = secret_to_set_up(allauth_context.request, is_new=not self.is_bound)

    def clean_code(self) -> str:
        """Compare the code with the secret; count a wrong one against the person's tries."""
        attempt = _attempt_of_code(self.user)
        code: str = self.cleaned_data["code"]
        self.counter = next(fitting_counters(self.secret, code), None)
        if self.counter is None:
            raise get_adapter().validation_error("incorrect_code")
        attempt.give_back()
        return code
