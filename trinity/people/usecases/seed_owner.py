"""The first owner of a stack on this machine."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from ledger.operations import audit
from trinity.people.operations import make_person, subject
from trinity.roles import OWNER


@transaction.atomic(durable=True)
def seed_owner(*, email: str, password: str, now: datetime) -> bool:
    """Make the owner with this address, once; an existing account stays as it is.

    Returns whether it was made. Raises EmailTaken where somebody else makes it at this moment.
    """
    if User.objects.filter(email=email.strip().lower()).exists():
        return False
    # No name: "Owner" would be one more thing of that name. Pages say the address instead.
    user = make_person(email=email, first_name="", last_name="", role=OWNER)
    user.set_password(password)
    user.save(update_fields=["password"])
    audit(
        actor_id=None,
        event="person.seeded",
        subject=subject(user),
        facts={"role": OWNER},
        now=now,
    )
    return True
