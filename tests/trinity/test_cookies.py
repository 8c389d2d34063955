"""Cookies over https: bound to their host by name; those of older names for two days."""

from __future__ import annotations

import time
from http.cookies import Morsel
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from tests.factories.orders import OrderFactory, token_of
from tests.factories.people import log_in, make_person
from tests.trinity.test_deployed import settings_of
from trinity.people.links import password_link

pytestmark = pytest.mark.django_db
FORMER = "trinity_orders_8000"
NAMES = {
    "SESSION_COOKIE_NAME": "__Host-trinity_session",
    "CSRF_COOKIE_NAME": "__Host-trinity_csrf",
    "ORDERS_COOKIE_NAME": "__Host-trinity_orders",
    "KNOWN_BROWSER_COOKIE_NAME": "__Host-trinity_browser",
    "PASSKEY_COOKIE_NAME": "__Host-trinity_passkey",
    "LINK_COOKIE_NAME": "__Host-trinity_link",
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "CSRF_COOKIE_HTTPONLY": True,
    "IS_HTTPS": True,
}


@pytest.fixture
def https(settings: Settings) -> Client:
    """A browser of a shop at an https address."""
    for name, value in NAMES.items():
        setattr(settings, name, value)
    return Client(headers={"X-Forwarded-Proto": "https"})


@pytest.mark.slow
def test_an_https_address_makes_them_so() -> None:
    assert settings_of(*NAMES, "SESSION_COOKIE_PATH", "SESSION_COOKIE_DOMAIN") == {
        **NAMES,
        "SESSION_COOKIE_PATH": "/",
        "SESSION_COOKIE_DOMAIN": None,
    }


def test_over_https_each_cookie_is_bound_to_its_host(https: Client) -> None:
    https.get("/accounts/login/")
    https.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})
    owner = make_person("owner")
    log_in(https, owner)
    owner.refresh_from_db()
    https.get(urlsplit(password_link(owner)).path)
    https.get(f"/o/{token_of(OrderFactory())}/")

    cookies: dict[str, Morsel[str]] = dict(https.cookies)
    named = ("session", "csrf", "orders", "browser", "passkey", "link")
    assert {f"__Host-trinity_{name}" for name in named} <= set(cookies)
    for name, cookie in cookies.items():
        assert name.startswith("__Host-"), name
        bound = (cookie["secure"], cookie["path"], cookie["domain"], cookie["samesite"])
        assert bound == (True, "/", "", "Lax"), name
        assert cookie["httponly"] is True, name


def test_a_buyer_with_the_cookie_of_an_older_version_is_let_in_for_two_days(
    https: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = OrderFactory()
    https.get(f"/o/{token_of(order)}/")
    written = https.cookies[NAMES["ORDERS_COOKIE_NAME"]].value
    page = f"/order/{order.reference}/"
    settings.ORDERS_COOKIE_FORMER_NAME = FORMER

    former = Client()
    former.cookies[FORMER] = written
    assert former.get(page).status_code == 200
    later = SimpleNamespace(time=lambda: time.time() + 48 * 3600 + 60)
    monkeypatch.setattr("django.core.signing.time", later)
    assert former.get(page).status_code == 403
    assert https.get(page).status_code == 200
