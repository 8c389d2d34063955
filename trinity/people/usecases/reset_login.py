"""Somebody with the shell lets a person in again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from ledger.operations import audit
from trinity.logins.operations import remove_factors
from trinity.people.operations import AccountClosed, NobodyThere, end_sessions, subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """Whose login was reset, and what ended with it."""

    user: User
    sessions_ended: int
    second_factors_removed: int


@transaction.atomic(durable=True)
def reset_login(*, email: str, removes_second_factors: bool, now: datetime) -> Reset:
    """Make the old password useless and end all sessions; the caller then makes the link.

    ``removes_second_factors`` is for a person who lost key and phone.
    Raises NobodyThere, AccountClosed.
    """
    user = User.objects.select_for_update().filter(email=email.strip().lower()).first()
    if user is None:
        raise NobodyThere("no account has this address")
    if not user.is_active:
        raise AccountClosed("this account is deactivated; reactivate it on the people page first")
    user.set_unusable_password()
    user.save(update_fields=["password"])
    ended = end_sessions(user)
    removed = 0
    if removes_second_factors:
        removed = remove_factors(user, now=now)
    audit(
        actor_id=None,
        event="person.login_reset",
        subject=subject(user),
        facts={"sessions_ended": ended, "second_factors_removed": removed},
        now=now,
    )
    return Reset(user=user, sessions_ended=ended, second_factors_removed=removed)
