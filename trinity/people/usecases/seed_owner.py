"""The first owner of a stack on this machine."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from trinity.people.operations import make_owner


@transaction.atomic(durable=True)
def seed_owner(*, email: str, password: str, now: datetime) -> bool:
    """Make the owner with this address, once; an existing account stays as it is.

    Returns whether it was made. Raises EmailTaken where somebody else makes it at this moment.
    """
    if User.objects.filter(email=email.strip().lower()).exists():
        return False
    user = make_owner(email=email, now=now)
    user.set_password(password)
    user.save(update_fields=["password"])
    return True
