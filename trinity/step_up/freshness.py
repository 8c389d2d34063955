"""Whether somebody proved lately who they are, and the one place where they do."""

from __future__ import annotations

import time

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest

from trinity.people.queries import SECOND_FACTORS


def has_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Say whether the password alone does not open this account."""
    if user.pk is None:
        return False
    factors = Authenticator.objects.filter(user_id=user.pk, type__in=SECOND_FACTORS)
    return bool(factors.exists())


def is_fresh(request: HttpRequest) -> bool:
    """Say whether this person proved in this session, and lately, who they are.

    Lately is ``ACCOUNT_REAUTHENTICATION_TIMEOUT`` seconds. The login itself does not count: whoever
    finds or steals a session has that too. Who has a second factor has proved it, not the password.
    """
    if not request.user.is_authenticated:
        return False
    proofs = [
        record
        for record in get_authentication_records(request, request.user)
        if record.get("reauthenticated")
    ]
    if has_second_factor(request.user):
        proofs = [record for record in proofs if record["method"] == "mfa"]
    age_s = time.time() - max((record["at"] for record in proofs), default=0)
    return bool(age_s < app_settings.REAUTHENTICATION_TIMEOUT)


def stepped_up(request: HttpRequest, authenticator: Authenticator | None) -> None:
    """Note that this person has just proved who they are; every such proof comes through here.

    ``authenticator`` is what proved it, None the password. The session gets a new key, so that a
    copy of its old cookie does not become fresh with it.
    """
    if authenticator is None:
        reauthenticate_by_password(request)
    else:
        post_authentication(request, authenticator, reauthenticated=True)
    old_key = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=old_key).update(session_key=request.session.session_key)
