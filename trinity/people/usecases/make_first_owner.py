"""A server's first login: an owner, while there is none."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from trinity.people.operations import lock_owners, make_owner


class OwnerThere(Exception):
    """Somebody is owner already, and says who else belongs to the team."""


@transaction.atomic(durable=True)
def make_first_owner(*, email: str, now: datetime) -> User:
    """Make an owner without a password; the caller then makes the link.

    Raises OwnerThere, also when two do it at once; EmailTaken when somebody has the address.
    """
    if lock_owners():
        raise OwnerThere("there is an owner")
    return make_owner(email=email, now=now)
