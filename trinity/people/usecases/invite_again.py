"""An owner sends another invitation to somebody who has not chosen a password yet."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from notices.queries import count_mails, is_mail_waiting
from trinity.people.mails import INVITATION, queue_invitation
from trinity.people.queries import AccountState, person


class NotInvited(Exception):
    """This account needs no invitation."""


@transaction.atomic(durable=True)
def invite_again(*, user_id: int, by_id: int, now: datetime) -> None:
    """Queue another invitation, unless one waits to leave: pressing twice sends one.

    Raises NotInvited.
    """
    user = User.objects.select_for_update().get(pk=user_id)
    invited = person(user_id)
    if invited is None or invited.state != AccountState.INVITED or not invited.role:
        raise NotInvited(f"user:{user_id}")
    if not is_mail_waiting(kind=INVITATION, user_id=user_id):
        before = count_mails(kind=INVITATION, user_id=user_id)
        queue_invitation(user=user, nth=before + 1, by_id=by_id, now=now)
