"""An owner opens somebody's account again."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from ledger.operations import audit
from trinity.people.operations import subject


@transaction.atomic(durable=True)
def reactivate_person(*, user_id: int, by_id: int, now: datetime) -> bool:
    """Open the account again, with the role and the password it had. Say whether it was closed."""
    user = User.objects.select_for_update().get(pk=user_id)
    if user.is_active:
        return False
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit(actor_id=by_id, event="person.reactivated", subject=subject(user), now=now)
    return True
