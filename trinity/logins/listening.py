"""What allauth tells about logins, written down.

Signals, where this house has none otherwise: these facts are said by a library's own views, at
the edge, and its adapters have no hook for them. Nothing depends on who listens. Where a view of
ours has a transaction around it, the entry is part of it.
"""

from __future__ import annotations

from typing import Any

from allauth.account.signals import (
    authentication_step_completed,
    password_changed,
    password_set,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.utils import timezone

from trinity.logins import enums
from trinity.logins.enums import Proof, Refusal
from trinity.logins.operations import count_refusal, note, note_factor


def listen() -> None:
    """Connect what follows, once, at start-up."""
    user_logged_out.connect(_logged_out, dispatch_uid="trinity.logins.logged_out")
    authentication_step_completed.connect(_proved, dispatch_uid="trinity.logins.proved")
    for signal in (password_changed, password_set):
        signal.connect(_password_changed, dispatch_uid="trinity.logins.password")
    authenticator_added.connect(_factor_added, dispatch_uid="trinity.logins.added")
    authenticator_removed.connect(_factor_removed, dispatch_uid="trinity.logins.removed")
    authenticator_reset.connect(_codes_made, dispatch_uid="trinity.logins.reset")
    authentication_failed.connect(_wrong_code, dispatch_uid="trinity.logins.wrong_code")


def _logged_out(*, user: User | None, **_signal: object) -> None:
    if user is not None:
        note(enums.LOGGED_OUT, user_id=user.pk, now=timezone.now())


def _proved(*, user: User, method: str, **said: Any) -> None:
    """Note a step-up; a login is noted when all its steps are done (``ClosedAccountAdapter``)."""
    if said.get("reauthenticated"):
        proof = Proof(said.get("type") or method)
        note(enums.STEPPED_UP, user_id=user.pk, now=timezone.now(), facts={"proof": proof.value})


def _password_changed(*, user: User, **_signal: object) -> None:
    note(enums.PASSWORD_CHANGED, user_id=user.pk, now=timezone.now())


def _factor_added(*, user: User, authenticator: Authenticator, **_signal: object) -> None:
    note_factor(enums.FACTOR_ADDED, authenticator, actor_id=user.pk, now=timezone.now())


def _factor_removed(*, user: User, authenticator: Authenticator, **_signal: object) -> None:
    note_factor(enums.FACTOR_REMOVED, authenticator, actor_id=user.pk, now=timezone.now())


def _codes_made(*, user: User, authenticator: Authenticator, **_signal: object) -> None:
    note_factor(enums.CODES_MADE, authenticator, actor_id=user.pk, now=timezone.now())


def _wrong_code(*, user: User, **_signal: object) -> None:
    count_refusal(Refusal.WRONG_CODE, whose=f"user:{user.pk}", now=timezone.now())
