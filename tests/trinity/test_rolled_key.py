"""While SECRET_KEY is rolled nobody is thrown out; without the former key everybody is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client, override_settings

from tests.factories.people import PASSWORD, log_in, make_person
from tests.trinity.test_login import is_logged_in, totp_code
from trinity.logins import browsers
from trinity.people.links import password_link

pytestmark = pytest.mark.django_db
SEED = "JBSWY3DPEHPK3PXP"
COOKIE = settings.KNOWN_BROWSER_COOKIE_NAME


@contextmanager
def rolled(*, keeps_former: bool) -> Iterator[None]:
    former = [settings.SECRET_KEY] if keeps_former else []
    with override_settings(SECRET_KEY="k" * 50, SECRET_KEY_FALLBACKS=former):
        yield


@pytest.fixture
def person() -> User:
    return make_person("operator")


@pytest.mark.parametrize("keeps_former", [True, False])
def test_a_session_goes_on_while_the_former_key_is_kept(person: User, keeps_former: bool) -> None:
    client = Client()
    log_in(client, person)

    with rolled(keeps_former=keeps_former):
        assert (client.get("/console/").status_code == 200) is keeps_former
        assert (client.get("/console/").status_code == 200) is keeps_former


@pytest.mark.parametrize("keeps_former", [True, False])
def test_a_browser_stays_known(person: User, keeps_former: bool) -> None:
    client = Client()
    log_in(client, person)
    request = client.get("/accounts/login/").wsgi_request
    person.refresh_from_db()

    with rolled(keeps_former=keeps_former):
        known = browsers.known_browser(request)
        assert (known is not None and known.knows(person)) is keeps_former


@pytest.mark.parametrize("keeps_former", [True, False])
def test_a_link_stays_good(person: User, keeps_former: bool) -> None:
    link = urlsplit(password_link(person)).path

    with rolled(keeps_former=keeps_former):
        page = Client().get(link, follow=True).content.decode()

    assert ("does not work any more" in page) is not keeps_former


@pytest.mark.parametrize("keeps_former", [True, False])
def test_a_code_of_the_app_is_taken(person: User, keeps_former: bool) -> None:
    TOTP.activate(person, SEED)

    with rolled(keeps_former=keeps_former):
        client = Client()
        client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
        client.post("/accounts/2fa/authenticate/", {"code": totp_code(SEED, time.time())})
        assert is_logged_in(client) is keeps_former
