"""A session ends when nobody used it for a while, whatever its absolute end is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.http import HttpRequest, HttpResponse

LAST_USED: Final = "trinity_last_used"  # in the session: seconds since 1970
WRITTEN_EVERY_S: Final = 60


def begin(*, request: HttpRequest, **_: Any) -> None:
    """Write the first use down at the login itself (Django's ``user_logged_in``)."""
    request.session[LAST_USED] = int(time.time())


class InactivityTimeout:
    """End a session that was not used for SESSION_IDLE_S; write its last use once a minute.

    Stands behind the authentication. A session without the mark (lent by a command) gets one at
    its first use.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Log out who comes too late: what follows sees a stranger, who is led to the login."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            idle_s = time.time() - request.session.get(LAST_USED, 0)
            if LAST_USED in request.session and idle_s > settings.SESSION_IDLE_S:
                logout(request)
            elif idle_s >= WRITTEN_EVERY_S:
                _mark(request)
        return self.get_response(request)


def _mark(request: HttpRequest) -> None:
    """Write the use into the row as it is now, under its lock, and into what this request holds.

    Saving what this request read would take back what another one wrote meanwhile (a password just
    typed, say); and whatever ended the session meanwhile has ended it.
    """
    now = int(time.time())
    with transaction.atomic():
        rows = SessionStore.get_model_class().objects.select_for_update()
        row = rows.filter(pk=request.session.session_key).first()
        if row is None:
            return
        row.session_data = request.session.encode(row.get_decoded() | {LAST_USED: now})
        row.save(update_fields=["session_data"])
    was_modified = request.session.modified
    request.session[LAST_USED] = now
    request.session.modified = was_modified
