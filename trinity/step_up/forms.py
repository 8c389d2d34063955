"""The ways to prove who one is. Their inputs begin with ``proof-``, beside those of what waits."""

from __future__ import annotations

from typing import Any, Final

from allauth.account import forms as account
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.http import QueryDict

from trinity import passkeys
from trinity.account_forms import CodeForm
from trinity.step_up.freshness import has_second_factor

PREFIX: Final = "proof"


class PasswordProof(account.ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The password once more, of a person who has nothing better."""

    proved_by = "password"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix=PREFIX, **kwargs)
        field = self.fields["password"]
        field.label, field.help_text = "Your password", ""
        field.widget.attrs.pop("placeholder", None)

    @property
    def authenticator(self) -> None:
        """Return None: a password is no second factor."""
        return None


class CodeProof(CodeForm):
    """A code from the app, or a recovery code."""

    proved_by = "code"
    is_step_up = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix=PREFIX, **kwargs)


class PasskeyProof(passkeys.ConfirmForm):
    """A passkey or security key; the browser fills in what it answered."""

    proved_by = "credential"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix=PREFIX, **kwargs)

    @property
    def authenticator(self) -> Authenticator:
        """Return the key that answered."""
        found: Authenticator = self.cleaned_data["credential"]
        return found


Proving = PasswordProof | CodeProof | PasskeyProof


def ways_to_prove(user: AbstractBaseUser, answer: QueryDict | None = None) -> list[Proving]:
    """Return the forms by which ``user`` may prove who they are, the best one first.

    Who has a second factor is asked for it and never for the password. Bound is the one form that
    ``answer`` fills in. None at all: an account with neither.
    """
    kinds: list[type[Proving]] = []
    if has_second_factor(user):
        held = set(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True))
        if Authenticator.Type.WEBAUTHN in held:
            kinds.append(PasskeyProof)
        if held & {Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES}:
            kinds.append(CodeProof)
    elif user.has_usable_password():
        kinds.append(PasswordProof)
    return [kind(_filled(kind, answer), user=user) for kind in kinds]


def _filled(kind: type[forms.Form], answer: QueryDict | None) -> QueryDict | None:
    return answer if answer and f"{PREFIX}-{kind.proved_by}" in answer else None  # type: ignore[attr-defined]  # all three have it
