"""An owner invites somebody to the team."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from ledger.operations import audit
from trinity.people.mails import queue_invitation
from trinity.people.operations import make_person, subject


@transaction.atomic(durable=True)
def invite_person(
    *, email: str, first_name: str, last_name: str, role: str, by_id: int, now: datetime
) -> User:
    """Make the account and queue the invitation.

    Raises EmailTaken when somebody on the team has the address, active or not.
    """
    user = make_person(email=email, first_name=first_name, last_name=last_name, role=role)
    audit(
        actor_id=by_id, event="person.invited", subject=subject(user), facts={"role": role}, now=now
    )
    queue_invitation(user=user, nth=1, by_id=by_id, now=now)
    return user
