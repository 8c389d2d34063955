"""Somebody chooses a password by a link, which works once."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from trinity.logins.enums import PASSWORD_CHANGED, Proof
from trinity.logins.operations import note
from trinity.people.links import whose_link


@transaction.atomic(durable=True)
def choose_password(*, uidb36: str, token: str, password: str, now: datetime) -> User | None:
    """Give the password to whom the link belongs and return them; None where it works no more.

    Of two who send the same link at the same moment, one chooses. All sessions of the person end
    with the old password.
    """
    user = whose_link(uidb36, token, is_locked=True)
    if user is None:
        return None
    user.set_password(password)
    user.save(update_fields=["password"])
    facts = {"proof": Proof.PASSWORD_RESET.value}
    note(PASSWORD_CHANGED, user_id=user.pk, now=now, facts=facts)
    return user
