"""Browsers in which somebody logged in before: a signed cookie says so, no row does.

Whoever has one is not locked out by what strangers type elsewhere, and its login is no news. A new
password makes all of them unknown, and so does ending all sessions: whoever had a copy of the
cookie has nothing any more.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponseBase

from trinity.logins.models import BrowserSerial

SALT: Final = "trinity.known-browser"
KNOWN_FOR: Final = timedelta(days=180)
PEOPLE_MAX: Final = 5  # who share one browser; the cookie stays short
_FORGET: Final = """
INSERT INTO logins_browserserial AS known (user_number, serial) VALUES (%s, 1)
ON CONFLICT (user_number) DO UPDATE SET serial = known.serial + 1
"""


@dataclass(frozen=True, slots=True)
class KnownBrowser:
    """One browser, and digests of whoever logged in there, the latest last."""

    id: str
    people: tuple[str, ...] = ()

    def knows(self, user: User) -> bool:
        """Say whether this person logged in there before, with the password of today."""
        return _digest(self.id, user) in self.people

    def after_login_of(self, user: User) -> KnownBrowser:
        """Return the browser as it is known from now on."""
        digest = _digest(self.id, user)
        others = [known for known in self.people if known != digest]
        return KnownBrowser(self.id, (*others, digest)[-PEOPLE_MAX:])


def known_browser(request: HttpRequest) -> KnownBrowser | None:
    """Return what the cookie says, or None: it is missing, too old, or not from us."""
    cookie = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")
    try:
        said = signing.loads(cookie, salt=SALT, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return None
    return KnownBrowser(said["id"], tuple(said["people"]))


def browser_id(request: HttpRequest, user: User | None) -> str | None:
    """Return by which name tries at this person's login are counted apart from those of strangers.

    None where they never logged in here. Whoever is logged in and confirms it has a name, too.
    """
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    browser = known_browser(request)
    if browser is None or user is None or not browser.knows(user):
        return None
    return browser.id


def remember(request: HttpRequest, response: HttpResponseBase, *, user: User) -> None:
    """Let this browser be known to the person from now on."""
    browser = known_browser(request) or KnownBrowser(secrets.token_urlsafe(16))
    known = browser.after_login_of(user)
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        signing.dumps({"id": known.id, "people": known.people}, salt=SALT),
        max_age=KNOWN_FOR,
        path="/",  # ``__Host-`` in its name asks for that
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget_all(user: User) -> None:
    """Let no browser be known to this person any more, in the caller's transaction if any."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [user.pk])


def _digest(browser_id: str, user: User) -> str:
    """Name the person in this one cookie: two browsers of one person share nothing.

    What is stored of the password goes in whole, with its salt, which nobody guesses.
    """
    forgotten = BrowserSerial.objects.filter(pk=user.pk).values_list("serial", flat=True).first()
    named = f"{browser_id}:{user.pk}:{user.password}"
    if forgotten:
        named = f"{named}:{forgotten}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]
