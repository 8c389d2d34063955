"""Passkeys and security keys: what a browser says of one is JSON that anybody may have written."""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as webauthn
from allauth.mfa.webauthn.internal.auth import get_state
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from django.core.exceptions import ValidationError
from django.forms import HiddenInput, JSONField
from django.utils import timezone

from kernel.hourly_counters import door_of
from kernel.limits import allow
from kernel.texts import LineField
from trinity.logins.enums import Refusal
from trinity.logins.operations import count_refusal

logger = logging.getLogger(__name__)
CHALLENGE_LIVES: Final = timedelta(minutes=10)
NAME_CHARS_MAX: Final = 60
# What allauth's and fido2's readers raise at JSON, CBOR and keys that are none; they say no list.
UNREADABLE: Final = (
    ArithmeticError, AttributeError, InvalidSignature, LookupError, RecursionError, TypeError,
    UnsupportedAlgorithm, ValueError, struct.error,
)  # fmt: skip


class CredentialField(JSONField):
    """The browser's answer. It is never shown again: each answers one challenge."""

    widget = HiddenInput

    def to_python(self, value: object) -> Any:
        """Refuse also what the parser gives up on: brackets without end, thousands of digits."""
        try:
            return super().to_python(value)
        except (RecursionError, ValueError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def bound_data(self, data: object, initial: object) -> object:  # noqa: ARG002  # Django's
        """Return what the page began with."""
        return initial


@contextmanager
def unreadable_is_refused() -> Iterator[None]:
    """Turn an answer that nobody can read into one that is wrong, with a line in the log."""
    try:
        yield
    except UNREADABLE as error:
        logger.info("a key's answer is unreadable", extra={"error": type(error).__name__})
        raise get_adapter().validation_error("incorrect_code") from error


class AuthenticateForm(webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """A key that is asked for after the password."""

    credential = CredentialField()

    def clean_credential(self) -> Authenticator:
        """Return the key that answered."""
        with unreadable_is_refused():
            key: Authenticator = super().clean_credential()
        return key

    def clean(self) -> dict[str, Any]:
        """Count an answer that was refused: about the person, where the login says who it is."""
        answered: dict[str, Any] = super().clean()
        if "credential" not in answered:
            whose = f"user:{self.user.pk}" if self.user else door_of("mfa_login_webauthn")
            count_refusal(Refusal.WRONG_PASSKEY, whose=whose, now=timezone.now())
        return answered


class ConfirmForm(AuthenticateForm):
    """A key that proves once more who somebody is."""

    reauthenticated = True


class LoginForm(AuthenticateForm, webauthn.LoginWebAuthnForm):  # type: ignore[misc]  # see above
    """A key that logs in by itself, if its owner said so when they added it."""

    passwordless = True

    def clean_credential(self) -> Authenticator:
        """Return the passkey that answered; a key that is none is asked for after the password."""
        state = get_state() or {}
        key = super().clean_credential()
        if not key.wrap().is_passwordless or not _is_first_answer(state["challenge"]):
            raise get_adapter().validation_error("incorrect_code")
        return key


def _is_first_answer(challenge: str) -> bool:
    """Say whether nobody has answered this challenge before; its cookie may have been kept."""
    return allow(
        what="passkey_answer",
        who=challenge,
        limit=1,
        per_s=int(CHALLENGE_LIVES.total_seconds()),
        is_open_on_failure=False,
    )


class AddForm(webauthn.AddWebAuthnForm):  # type: ignore[misc]  # see above
    """A name for the key; the key itself is made by the browser."""

    name = LineField(
        label="Name of this key",
        required=False,
        max_length=NAME_CHARS_MAX,
        help_text="So that you can tell your keys apart.",
    )
    credential = CredentialField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].label = "Let this key log me in by itself"
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].help_text = (
            "A passkey: no password is asked. Your device checks that it is you, by PIN, "
            "finger or face. Without it, the key is asked for after your password."
        )

    def clean(self) -> dict[str, Any]:
        """Keep with the key whether it logs in by itself: the person's word, not the browser's."""
        with unreadable_is_refused():
            said: dict[str, Any] = super().clean()
            if credential := said.get("credential"):
                credential["clientExtensionResults"] = {"credProps": {"rk": said["passwordless"]}}
        return said


class RenameForm(webauthn.EditWebAuthnForm):  # type: ignore[misc]  # see above
    """Another name for the key."""

    name = LineField(label="Name of this key", max_length=NAME_CHARS_MAX)
