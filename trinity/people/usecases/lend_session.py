"""A session for a command that clicks through pages in a person's place."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction

from kernel.texts import one_line, storable
from ledger.operations import audit
from trinity.people.operations import AccountClosed, NobodyThere, subject

LENT: Final = "trinity_lent"
LENT_FOR: Final = timedelta(minutes=30)
NAME_CHARS_MAX: Final = UserSession._meta.get_field("user_agent").max_length


def is_lent(session: SessionBase) -> bool:
    """Say whether a command uses this session in somebody's place."""
    return bool(session.get(LENT))


@transaction.atomic(durable=True)
def lend_session(*, email: str, to: str, now: datetime) -> str:
    """Open a session of this person's and return its key; ``to`` names it among their sessions.

    Password and second factors are not asked for: whoever has the shell could reset them. It ends
    after half an hour, and with all other sessions of theirs. It is no fresh login.
    Raises NobodyThere, AccountClosed.
    """
    user = User.objects.select_for_update().filter(email=email.strip().lower()).first()
    if user is None:
        raise NobodyThere("no account has this address")
    if not user.is_active:
        raise AccountClosed("this account is deactivated")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[LENT] = True
    session.set_expiry(LENT_FOR)
    session.save()
    key = str(session.session_key)
    name = storable(one_line(to), chars_max=NAME_CHARS_MAX)
    UserSession.objects.create(user=user, session_key=key, ip="127.0.0.1", user_agent=name)
    audit(
        actor_id=None,
        event="person.session_lent",
        subject=subject(user),
        now=now,
    )
    return key
