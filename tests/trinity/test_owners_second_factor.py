"""In live mode an owner without a second factor reaches nothing but where one is set up."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.test import Client, override_settings

from kernel.modes import Mode
from tests.factories.orders import AlertFactory
from tests.factories.people import PASSWORD, client_of, log_in, make_person
from tests.trinity.endpoints import ENDPOINTS
from tests.trinity.test_login import totp_code

pytestmark = pytest.mark.django_db

STEP_UP = "/accounts/reauthenticate/"


@pytest.fixture
def owner() -> User:
    user = make_person("owner")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    return user


REACHED = {
    "account_login",
    "account_logout",
    "account_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
}


CLOSED = [
    endpoint
    for endpoint in ENDPOINTS
    if endpoint.name not in REACHED
    and getattr(endpoint.view, "required_permission", "") is not None
    and not endpoint.route.startswith("admin/")
    and "^" not in endpoint.route  # the link from a mail: whoever holds it is logged out
]


@pytest.mark.parametrize("verb", ["get", "post"])
def test_in_live_mode_an_owner_without_a_factor_reaches_nothing_but_where_it_is_set_up(
    verb: str,
) -> None:
    client = client_of(make_person("owner"), is_fresh=True)

    with override_settings(DEPLOYMENT_MODE=Mode.LIVE):
        sent_to = {
            endpoint.route: getattr(client, verb)(endpoint.address).headers.get("Location")
            for endpoint in CLOSED
        }
        sent_to["admin/"] = client.get("/admin/").headers.get("Location")

    assert {route for route, address in sent_to.items() if address != "/accounts/2fa/"} == set()


def test_and_is_told_why(client: Client) -> None:
    user = make_person("owner")
    with override_settings(DEPLOYMENT_MODE=Mode.LIVE):
        log_in(client, user)
        page = client.get("/console/", follow=True).content.decode()

    assert "an owner needs one in live mode" in page
    assert page.count("an owner needs one in live mode") == 1


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/reauthenticate/?next=/console/people/ID/role/",
        "/console/nothing-here/",
    ],
)
def test_and_learns_nothing_of_what_there_is(address: str) -> None:
    other = make_person("operator", email="grace@example.com")
    AlertFactory()
    client = client_of(make_person("owner"), is_fresh="reauthenticate" not in address)

    with override_settings(DEPLOYMENT_MODE=Mode.LIVE):
        page = client.get(address.replace("ID", str(other.pk)))

    html = page.content.decode()
    assert page.status_code == (404 if "nothing" in address else 200)
    assert "My account" in html
    for word in ("Orders", "People", "waiting", 'role="search"', "grace@example.com", "/admin/"):
        assert word not in html


def test_and_gets_in_once_it_is_set_up(client: Client) -> None:
    user = make_person("owner")
    with override_settings(DEPLOYMENT_MODE=Mode.LIVE):
        log_in(client, user)
        client.post(STEP_UP, {"proof-password": PASSWORD})
        page = client.get("/accounts/2fa/totp/activate/").content.decode()
        seed = re.findall(r'id="totp-key">(\w+)<', page)[0]
        client.post("/accounts/2fa/totp/activate/", {"code": totp_code(seed, time.time())})

        assert client.get("/accounts/2fa/recovery-codes/").status_code == 200
        assert client.get("/console/people/").status_code == 200


@pytest.mark.parametrize("who", ["operator", "auditor", "owner with a factor", "stranger"])
def test_nobody_else_is_led_there(who: str, owner: User) -> None:
    roles = {"owner with a factor": owner, "stranger": None}
    user = roles[who] if who in roles else make_person(who)
    client = client_of(user) if user else Client()

    with override_settings(DEPLOYMENT_MODE=Mode.LIVE):
        answer = client.get("/console/orders/")

    assert answer.headers.get("Location", "") != "/accounts/2fa/"
    assert answer.status_code == (200 if user else 302)


def test_buyers_pages_open_for_such_an_owner_too() -> None:
    with override_settings(DEPLOYMENT_MODE=Mode.LIVE):
        assert client_of(make_person("owner")).get("/").status_code == 200
