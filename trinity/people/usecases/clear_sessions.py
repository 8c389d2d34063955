"""Clearing away logins that are over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef

# Where somebody logged in is written before the session itself.
LOGIN_TIME: Final = timedelta(hours=1)


def clear_sessions(*, now: datetime) -> int:
    """Delete sessions that ran out, and from where they were; return how many ran out."""
    with transaction.atomic(durable=True):
        ended, _ = Session.objects.filter(expire_date__lt=now).delete()
        held = Session.objects.filter(session_key=OuterRef("session_key"))
        before = UserSession.objects.filter(last_seen_at__lt=now - LOGIN_TIME)
        before.filter(~Exists(held)).delete()
    return ended
