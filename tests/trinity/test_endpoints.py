"""Every address × every role, read from the resolver and from the word on each view."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.factories.people import client_of, make_person
from tests.trinity.endpoints import ENDPOINTS, Endpoint, by_route, page_above
from trinity.navigation import NAVIGATION
from trinity.roles import ROLES

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
# allauth's views carry no word of ours. These open for anybody, the other ones for members only.
ACCOUNT_PAGES_FOR_ANYBODY = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_authenticate",
    "mfa_login_webauthn",
}


ADMIN = [endpoint for endpoint in ENDPOINTS if endpoint.route.startswith("admin/")]
ACCOUNT = [endpoint for endpoint in ENDPOINTS if endpoint.route.startswith("accounts/")]
OURS = [endpoint for endpoint in ENDPOINTS if endpoint not in ADMIN and endpoint not in ACCOUNT]
GUARDED = [endpoint for endpoint in OURS if endpoint.is_said and endpoint.permission]
PUBLIC = [endpoint for endpoint in OURS if endpoint.is_said and not endpoint.permission]


def answers(client: Client, address: str) -> list[tuple[int, str]]:
    """Return what GET and POST say, and where they send."""
    return [
        (answer.status_code, urlsplit(answer.headers.get("Location", "")).path)
        for answer in (client.get(address), client.post(address))
    ]


def test_every_endpoint_of_ours_says_who_may_enter() -> None:
    assert [endpoint.route for endpoint in OURS if not endpoint.is_said] == []


def test_every_permission_on_an_endpoint_belongs_to_a_role() -> None:
    named = {endpoint.permission for endpoint in GUARDED} | {
        entry.permission for entries in NAVIGATION.values() for entry in entries
    }

    assert named - set().union(*ROLES.values()) == set()


@pytest.mark.parametrize("endpoint", GUARDED, ids=by_route)
def test_a_stranger_is_sent_to_the_login(endpoint: Endpoint, client: Client) -> None:
    said = answers(client, endpoint.address)

    assert {(302, LOGIN)} <= set(said)
    assert set(said) <= {(302, LOGIN), (405, ""), (302, page_above(endpoint.address))}
    assert said[0] != (405, "")


@pytest.mark.parametrize("role", [*ROLES, "none"])
@pytest.mark.parametrize("endpoint", GUARDED, ids=by_route)
def test_a_role_opens_exactly_its_endpoints(endpoint: Endpoint, role: str) -> None:
    user = make_person(role if role in ROLES else "")

    said = answers(client_of(user), endpoint.address)

    assert all(status < 500 for status, _ in said)
    if endpoint.permission in ROLES.get(role, ()):
        assert {status for status, _ in said} & {401, 403} == set()
        assert LOGIN not in {sent_to for _, sent_to in said}
    else:
        assert (403, "") in said
        assert set(said) <= {(403, ""), (405, ""), (302, page_above(endpoint.address))}
        assert said[0] != (405, "")


@pytest.mark.parametrize("endpoint", PUBLIC, ids=by_route)
def test_a_public_endpoint_asks_nobody_for_a_login(endpoint: Endpoint, client: Client) -> None:
    for answer in (client.get(endpoint.address), client.post(endpoint.address)):
        assert answer.status_code < 500 or answer.status_code == 503
        assert urlsplit(answer.headers.get("Location", "")).path != LOGIN
        # A buyer's page may refuse who holds no key to it; no role would help.
        assert "You don’t have access" not in answer.content.decode(errors="replace")


@pytest.mark.parametrize("endpoint", ACCOUNT, ids=by_route)
def test_account_pages_are_for_members_but_for_those_on_the_way_in(
    endpoint: Endpoint, client: Client
) -> None:
    arguments = {"pk": 1} if "<int:pk>" in endpoint.route else {}
    if "key>" in endpoint.route:
        arguments = {"uidb36": "1", "key": "abc"}

    answer = client.get(reverse(endpoint.name, kwargs=arguments))

    sent_to = urlsplit(answer.headers.get("Location", "")).path
    if endpoint.name in ACCOUNT_PAGES_FOR_ANYBODY:
        assert answer.status_code in {200, 302}
    else:
        assert (answer.status_code, sent_to) == (302, LOGIN)


@pytest.mark.parametrize("role", [*ROLES, "none", "stranger"])
def test_the_admin_is_for_the_team(role: str, client: Client) -> None:
    if role == "stranger":
        assert urlsplit(client.get("/admin/")["Location"]).path == "/admin/login/"
        return
    user = make_person(role if role in ROLES else "")

    page = client_of(user).get("/admin/").content.decode()

    assert ("/admin/revenue/order/" in page) == (role in ROLES)
    assert ("/admin/crm/contact/" in page) == (role in {"owner", "operator"})
    assert ("/admin/auth/user/" in page) == (role == "owner")


@pytest.mark.parametrize("role", ROLES)
def test_nobody_adds_changes_or_deletes_people_in_the_admin(role: str) -> None:
    client = client_of(make_person(role))
    target = make_person("auditor").pk

    said = [
        client.post(f"/admin/auth/user/{target}/change/", {"is_superuser": "on"}).status_code,
        client.post(f"/admin/auth/user/{target}/delete/", {"post": "yes"}).status_code,
        client.post("/admin/auth/user/add/", {"username": "x"}).status_code,
        client.post(f"/admin/auth/group/{target}/change/", {}).status_code,
    ]

    assert set(said) == {403}
    assert User.objects.filter(pk=target, is_superuser=False).exists()


def test_every_entry_of_the_navigation_leads_somewhere() -> None:
    names = {endpoint.name for endpoint in ENDPOINTS}

    assert {e.url_name for entries in NAVIGATION.values() for e in entries} - names == set()


@pytest.mark.parametrize("role", ROLES)
def test_no_role_sees_an_entry_that_it_may_not_open(role: str) -> None:
    client = client_of(make_person(role))

    shown = client.get("/accounts/2fa/").content.decode()

    for entries in NAVIGATION.values():
        for entry in entries:
            address = reverse(entry.url_name)
            is_shown = f'href="{address}"' in shown
            assert is_shown == (entry.permission in ROLES[role]), entry.words
            assert not is_shown or client.get(address).status_code == 200, entry.words
