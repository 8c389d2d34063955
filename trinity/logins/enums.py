"""What is counted, and what is written down."""

from __future__ import annotations

from django.db import models


class Refusal(models.TextChoices):
    """What did not get in. Whoever causes it may be a stranger: counted, never listed."""

    WRONG_PASSWORD = "wrong_password", "Wrong password"
    WRONG_CODE = "wrong_code", "Wrong code"
    WRONG_PASSKEY = "wrong_passkey", "Wrong passkey"
    CLOSED_ACCOUNT = "closed_account", "Right password of a closed account"
    LIMIT = "limit", "Too many tries"


class Proof(models.TextChoices):
    """How somebody proved who they are."""

    PASSWORD = "password", "password"
    PASSWORD_RESET = "password_reset", "a link from an e-mail"
    TOTP = "totp", "authenticator app"
    WEBAUTHN = "webauthn", "passkey"
    RECOVERY_CODES = "recovery_codes", "recovery code"


# What a person does with their own login, as the ledger calls it.
LOGGED_IN = "person.logged_in"
LOGGED_OUT = "person.logged_out"
STEPPED_UP = "person.stepped_up"
FACTOR_ADDED = "person.factor_added"
FACTOR_REMOVED = "person.factor_removed"
CODES_MADE = "person.recovery_codes_made"
PASSWORD_CHANGED = "person.password_changed"  # noqa: S105  # a word, not a secret
SESSIONS_ENDED = "person.sessions_ended"
ACCESS_REFUSED = "person.access_refused"
REFUSED = "login.refused"
