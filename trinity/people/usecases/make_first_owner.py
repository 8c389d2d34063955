"""A server's first login: an owner, while there is none."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from ledger.operations import audit
from trinity.people.operations import lock_owners, make_person, subject
from trinity.roles import OWNER


class OwnerThere(Exception):
    """Somebody is owner already, and says who else belongs to the team."""


@transaction.atomic(durable=True)
def make_first_owner(*, email: str, now: datetime) -> User:
    """Make an owner without a password; the caller then makes the link.

    Raises OwnerThere, also when two do it at once; EmailTaken when somebody has the address.
    """
    if lock_owners():
        raise OwnerThere("there is an owner")
    user = make_person(email=email, first_name="", last_name="", role=OWNER)
    audit(
        actor_id=None,
        event="person.seeded",
        subject=subject(user),
        facts={"role": OWNER},
        now=now,
    )
    return user
