"""An owner closes somebody's account."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from ledger.operations import audit
from trinity.people.operations import end_sessions, refuse_self_and_last_owner, subject


@transaction.atomic(durable=True)
def deactivate_person(*, user_id: int, by_id: int, now: datetime) -> int | None:
    """Close the account and end all its sessions at once. A second time changes nothing.

    Returns how many sessions ended, None when the account was closed already.
    Raises NotYourself, LastOwner.
    """
    refuse_self_and_last_owner(user_id=user_id, by_id=by_id)
    user = User.objects.select_for_update().get(pk=user_id)
    if not user.is_active:
        return None
    user.is_active = False
    user.save(update_fields=["is_active"])
    ended = end_sessions(user)
    audit(
        actor_id=by_id,
        event="person.deactivated",
        subject=subject(user),
        facts={"sessions_ended": ended},
        now=now,
    )
    return ended
