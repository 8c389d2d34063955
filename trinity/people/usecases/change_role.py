"""An owner gives somebody another role."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from ledger.operations import audit
from trinity.people.operations import refuse_self_and_last_owner, set_role, subject
from trinity.roles import strongest


@transaction.atomic(durable=True)
def change_role(*, user_id: int, role: str, by_id: int, now: datetime) -> bool:
    """Give ``user_id`` the role; it counts from their next click. Say whether it is a change.

    Raises NotYourself, LastOwner.
    """
    refuse_self_and_last_owner(user_id=user_id, by_id=by_id)
    user = User.objects.select_for_update().get(pk=user_id)
    old_role = strongest(user.groups.values_list("name", flat=True))
    if old_role == role:
        return False
    set_role(user, role)
    audit(
        actor_id=by_id,
        event="person.role_changed",
        subject=subject(user),
        facts={"role": role, "old_role": old_role or "none"},
        now=now,
    )
    return True
