"""An owner logs somebody out everywhere."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from ledger.operations import audit
from trinity.people.operations import NotYourself, end_sessions, subject


@transaction.atomic(durable=True)
def end_person_sessions(*, user_id: int, by_id: int, now: datetime) -> int:
    """End all sessions of ``user_id`` at once; return how many there were.

    Raises NotYourself: one's own other sessions end on one's own page, and this one stays.
    """
    if user_id == by_id:
        raise NotYourself("your own sessions are on your own page")
    user = User.objects.select_for_update().get(pk=user_id)
    ended = end_sessions(user)
    audit(
        actor_id=by_id,
        event="person.sessions_ended",
        subject=subject(user),
        facts={"sessions_ended": ended},
        now=now,
    )
    return ended
