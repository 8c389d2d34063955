"""Somebody with the shell has all second factors set up anew, after a leak."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from ledger.operations import audit
from trinity.logins.operations import remove_factors
from trinity.people.operations import end_sessions, subject


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorsReset:
    """Whose second factors were removed, and how many; and how many sessions ended with them."""

    email: str
    sessions_ended: int
    second_factors_removed: int


@transaction.atomic(durable=True)
def reset_second_factors(*, now: datetime) -> list[FactorsReset]:
    """Remove every second factor and end every session, of closed accounts too.

    Whoever had ``SECRET_KEY`` and the database knows the secrets of apps and the recovery codes,
    and may have added a passkey. Passwords stay: only their hashes were there.
    """
    done = []
    for user in User.objects.select_for_update().order_by("pk"):
        removed = remove_factors(user, now=now)
        ended = end_sessions(user)
        if not removed and not ended:
            continue
        facts = {"sessions_ended": ended, "second_factors_removed": removed}
        audit(
            actor_id=None,
            event="person.second_factors_reset",
            subject=subject(user),
            facts=facts,
            now=now,
        )
        done.append(FactorsReset(email=user.email, **facts))
    return done
