"""Browsers in which somebody logged in before: a signed cookie says so, no row does.

Whoever has one is not locked out by what strangers type elsewhere, and its login is no news.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

SALT: Final = "trinity.known-browser"
KNOWN_FOR: Final = timedelta(days=180)
PEOPLE_MAX: Final = 5  # who share one browser; the cookie stays short


@dataclass(frozen=True, slots=True)
class KnownBrowser:
    """One browser, and digests of whoever logged in there, the latest last."""

    id: str
    people: tuple[str, ...] = ()

    def knows(self, user_id: int) -> bool:
        """Say whether this person logged in there before."""
        return _digest(self.id, user_id) in self.people

    def after_login_of(self, user_id: int) -> KnownBrowser:
        """Return the browser as it is known from now on."""
        digest = _digest(self.id, user_id)
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


def browser_id(request: HttpRequest, user_id: int | None) -> str | None:
    """Return by which name tries at this person's login are counted apart from those of strangers.

    None where they never logged in here. Whoever is logged in and confirms it has a name, too.
    """
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    browser = known_browser(request)
    is_known = browser is not None and user_id is not None and browser.knows(user_id)
    return browser.id if browser is not None and is_known else None


def remember(request: HttpRequest, response: HttpResponseBase, *, user_id: int) -> None:
    """Let this browser be known to the person from now on."""
    browser = known_browser(request) or KnownBrowser(secrets.token_urlsafe(16))
    known = browser.after_login_of(user_id)
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        signing.dumps({"id": known.id, "people": known.people}, salt=SALT),
        max_age=KNOWN_FOR,
        path="/",  # ``__Host-`` in its name asks for that
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _digest(browser_id: str, user_id: int) -> str:
    """Name the person in this one cookie: two browsers of one person share nothing."""
    return hashlib.sha256(f"{browser_id}:{user_id}".encode()).hexdigest()[:32]
