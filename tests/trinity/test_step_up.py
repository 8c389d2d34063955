"""Step-up: who is asked, by what they prove it, and that a form waits in its page only."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.account.views import BaseReauthenticateView
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse

from tests.factories.people import PASSWORD, client_of, make_person
from tests.trinity.endpoints import ENDPOINTS, Endpoint, by_route, page_above
from trinity.roles import ROLES
from trinity.step_up.waiting import BYTES_MAX, FIELDS_MAX
from trinity.step_up.words import ACTIONS

pytestmark = pytest.mark.django_db

PAGE = "/accounts/reauthenticate/"
LOGIN = "/accounts/login/"
ASKED = "Confirm that it's you"
FORM = "application/x-www-form-urlencoded"
GRAVE = [endpoint for endpoint in ENDPOINTS if getattr(endpoint.view, "needs_fresh_login", False)]
INPUT = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def hidden(answer: HttpResponse) -> list[tuple[str, str]]:
    """Return the hidden inputs of a page's first form, but for the token."""
    form = answer.content.decode().partition("<main")[2].partition("</form>")[0]
    pairs = [(unescape(name), unescape(value)) for name, value in INPUT.findall(form)]
    return [pair for pair in pairs if pair[0] != "csrfmiddlewaretoken"]


def prove(client: Client, asked: HttpResponse, **proof: str) -> HttpResponse:
    """Answer the page that asks, with what waits in it."""
    fields: dict[str, list[str]] = {}
    for name, value in hidden(asked):
        fields.setdefault(name, []).append(value)
    given = {f"proof-{name}": value for name, value in (proof or {"password": PASSWORD}).items()}
    return client.post(PAGE, {**fields, **given})


@pytest.fixture
def owner() -> User:
    return make_person("owner")


@pytest.fixture
def operator() -> User:
    return make_person("operator")


def role_url(user: User) -> str:
    return f"/console/people/{user.pk}/role/"


def test_some_views_ask_for_a_fresh_login() -> None:
    assert {"order-refund", "person-role", "mfa_deactivate_totp"} <= {
        endpoint.name for endpoint in GRAVE
    }


def test_every_view_that_asks_has_words_for_what_it_does() -> None:
    assert {endpoint.name for endpoint in GRAVE} == set(ACTIONS)


@pytest.mark.parametrize("endpoint", GRAVE, ids=by_route)
def test_a_stranger_is_asked_to_log_in_before_anything_else(
    endpoint: Endpoint, client: Client
) -> None:
    for answer in (
        client.get(endpoint.address),
        client.post(endpoint.address, {"reason": "typed"}),
    ):
        sent_to = urlsplit(answer.headers.get("Location", "")).path
        assert (answer.status_code, sent_to) in {(302, LOGIN), (302, page_above(endpoint.address))}
        assert ASKED not in answer.content.decode()
    assert not Session.objects.exists()


@pytest.mark.parametrize("state", ["logged in", "with a factor", "with a factor, by password"])
@pytest.mark.parametrize("endpoint", GRAVE, ids=by_route)
def test_a_form_from_somebody_who_did_not_prove_it_is_not_acted_on(
    endpoint: Endpoint, state: str
) -> None:
    user = make_person("owner")
    if state != "logged in":
        TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    client = client_of(user, is_fresh=state.endswith("by password"))
    if endpoint.name == "account_change_password" and state == "logged in":
        return  # its own form asks for the password

    answer = client.post(endpoint.address, {"reason": "typed"})

    page = answer.content.decode()
    assert (answer.status_code, ASKED in page) == (200, True)
    assert ('name="proof-password"' in page) == (state == "logged in")
    assert ('name="proof-code"' in page) == (state != "logged in")
    assert ("reason", "typed") in hidden(answer)
    kept = {key: value for key, value in client.session.items() if key[0] != "_"}
    assert "typed" not in str(kept)


@pytest.mark.parametrize("endpoint", GRAVE, ids=by_route)
def test_a_page_is_opened_only_after_the_proof(endpoint: Endpoint) -> None:
    client = client_of(make_person("owner"))
    is_reading_enough = endpoint.name in {"usersessions_list", "account_change_password"}

    answer = client.get(endpoint.address)

    location = urlsplit(answer.headers.get("Location", ""))
    if is_reading_enough:
        assert answer.status_code == 200
    elif location.path == PAGE:
        assert parse_qs(location.query) == {"next": [endpoint.address]}
    else:  # it takes forms only
        assert (answer.status_code, location.path) == (302, page_above(endpoint.address))


@pytest.mark.parametrize("endpoint", GRAVE, ids=by_route)
def test_who_has_just_proved_it_is_not_asked_again(endpoint: Endpoint) -> None:
    client = client_of(make_person("owner"), is_fresh=True)

    for answer in (client.get(endpoint.address), client.post(endpoint.address)):
        assert urlsplit(answer.headers.get("Location", "")).path != PAGE
        assert ASKED not in answer.content.decode(errors="replace")


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
@pytest.mark.parametrize("endpoint", GRAVE, ids=by_route)
def test_nobody_is_asked_for_a_page_that_is_not_theirs(endpoint: Endpoint, role: str) -> None:
    permission = getattr(endpoint.view, "required_permission", None)
    answer = client_of(make_person(role)).post(endpoint.address)

    is_refused = permission is not None and permission not in ROLES[role]
    assert (answer.status_code == 403) == is_refused


def test_a_form_waits_in_its_page_is_shown_filled_and_sent_by_the_person(
    owner: User, operator: User
) -> None:
    client = client_of(owner)

    asked = client.post(role_url(operator), {"role": "auditor"})
    assert f"You are about to change the role of {operator.email}." in asked.content.decode()
    shown = prove(client, asked)

    page = shown.content.decode()
    assert (shown.status_code, f'action="{role_url(operator)}"' in page) == (200, True)
    assert '<dt>Role</dt><dd class="said">auditor</dd>' in page
    assert ">Change the role</button>" in page
    assert hidden(shown) == [("role", "auditor")]
    assert list(operator.groups.values_list("name", flat=True)) == ["operator"]

    client.post(role_url(operator), dict(hidden(shown)))
    assert list(operator.groups.values_list("name", flat=True)) == ["auditor"]


def test_a_wrong_proof_keeps_the_form_waiting(owner: User, operator: User) -> None:
    client = client_of(owner)
    asked = client.post(role_url(operator), {"role": "auditor"})

    again = prove(client, asked, password="wrong wrong wrong")

    assert "Not confirmed yet." in again.content.decode()
    assert hidden(again) == hidden(asked)
    assert prove(client, again).status_code == 200
    assert list(operator.groups.values_list("name", flat=True)) == ["operator"]


def test_repeated_names_and_their_order_survive_and_odd_ones_too(owner: User) -> None:
    client = client_of(owner)
    typed = {
        "b": ["2", "1"],
        "a": ["", "<i>"],
        "next": ["/x/"],
        'q"': ["é\r\nzwei"],
        "proof": ["p"],
    }

    asked = client.post(role_url(owner), typed)
    shown = prove(client, asked)

    assert hidden(shown) == [
        ("b", "2"), ("b", "1"), ("a", ""), ("a", "<i>"), ("next", "/x/"), ('q"', "é\r\nzwei"),
        ("proof", "p"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["password", "oldpassword", "password1", "code", "credential", "csrfmiddlewaretoken"]
)
def test_no_secret_travels_and_what_is_not_whole_is_not_offered(
    owner: User, operator: User, name: str
) -> None:
    client = client_of(owner)

    asked = client.post(role_url(operator), {"role": "auditor", name: "hunter2 hunter2"})
    after = prove(client, asked)

    assert "hunter2" not in asked.content.decode() + after.content.decode()
    if name == "csrfmiddlewaretoken":
        assert hidden(after) == [("role", "auditor")]
    else:
        assert (after.status_code, after["Location"]) == (302, role_url(operator))


@pytest.mark.parametrize(
    ("form", "is_whole"),
    [
        ({"role": "x" * (BYTES_MAX - 5)}, True),
        ({"role": "x" * (BYTES_MAX - 4)}, False),
        ({"role": "é" * (BYTES_MAX // 6)}, False),  # six bytes each on their way
        ({"role": ["x"] * FIELDS_MAX}, True),
        ({"role": ["x"] * (FIELDS_MAX + 1)}, False),
    ],
)
def test_a_form_that_does_not_fit_beside_the_proof_is_typed_again(
    owner: User, operator: User, form: dict[str, Any], is_whole: bool
) -> None:
    client = client_of(owner)

    asked = client.post(role_url(operator), urlencode(form, doseq=True), content_type=FORM)
    assert (("proof-form", "whole") in hidden(asked)) == is_whole
    waiting = urlencode([*hidden(asked), ("proof-password", PASSWORD)])
    after = client.post(PAGE, waiting, content_type=FORM)

    assert after.status_code == (200 if is_whole else 302)


def test_nothing_of_a_waiting_form_is_kept_anywhere(owner: User, operator: User) -> None:
    client = client_of(owner)
    store = caches["default"]._cache.get_client()

    asked = client.post(role_url(operator), {"role": "auditor", "reason": "zebra"})
    prove(client, asked)

    sessions = [str(row.get_decoded()) for row in Session.objects.all()]
    kept = [store.get(key) for key in store.scan_iter("*") if store.type(key) == b"string"]
    assert ["zebra" in each for each in sessions] == [False] * len(sessions)
    assert [key for key in kept if b"zebra" in key] == []


def test_what_0_1_kept_in_a_session_is_never_acted_on(owner: User, operator: User) -> None:
    """Its login page sent a stored form when the next password was right."""
    client = client_of(owner)
    session = client.session
    kept = {"META": {}, "GET": "", "POST": "role=owner", "method": "POST", "scheme": "http"}
    kept |= {"path": role_url(operator), "path_info": role_url(operator)}
    session["account_reauthentication_state"] = {"request": json.dumps(kept)}
    session.save()

    client.post(PAGE, {"proof-next": role_url(operator), "proof-password": PASSWORD})

    assert list(operator.groups.values_list("name", flat=True)) == ["operator"]


def test_none_of_allauths_own_pages_to_prove_it_can_be_reached() -> None:
    theirs = [
        endpoint.route
        for endpoint in ENDPOINTS
        if isinstance(view := getattr(endpoint.view, "view_class", None), type)
        and issubclass(view, BaseReauthenticateView)
    ]

    assert theirs == []


@pytest.mark.parametrize(
    ("given", "leads_to"),
    [
        ("/console/people/invite/?x=1", "/console/people/invite/?x=1"),
        ("https://evil.example/", "/console/"),
        ("//evil.example/console/", "/console/"),
        ("/\\evil.example/", "/console/"),
        ("/console/\r\nSet-Cookie: a=b", "/console/"),
        ("javascript:alert(1)", "/console/"),
        ("/nowhere/", "/console/"),
        ("//[", "/console/"),
        ("", "/console/"),
    ],
)
def test_the_way_back_leads_to_pages_of_ours_only(owner: User, given: str, leads_to: str) -> None:
    client = client_of(owner)
    asked = client.get(PAGE, {"next": given})

    assert prove(client, asked)["Location"] == leads_to


def test_a_form_waits_for_no_view_but_those_that_ask(owner: User) -> None:
    """Or this page would be a way to make somebody send a form to any address."""
    client = client_of(owner)
    logout = {"proof-next": "/accounts/logout/", "proof-form": "whole", "proof-password": PASSWORD}

    answer = client.post(PAGE, logout)

    assert (answer.status_code, answer["Location"]) == (302, "/accounts/logout/")


@pytest.mark.parametrize("address", ["ROLE", PAGE])
def test_a_form_made_elsewhere_is_refused_before_anybody_is_asked(
    owner: User, operator: User, address: str
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    form = {"role": "owner", "proof-next": role_url(operator), "proof-form": "whole"}

    answer = client.post(role_url(operator) if address == "ROLE" else address, form)

    assert (answer.status_code, ASKED in answer.content.decode()) == (403, False)


def test_the_proof_holds_for_five_minutes(owner: User) -> None:
    client = client_of(owner)
    prove(client, client.get(PAGE, {"next": "/console/people/invite/"}))

    assert client.get("/console/people/invite/").status_code == 200
    with override_settings(ACCOUNT_REAUTHENTICATION_TIMEOUT=0):
        assert client.get("/console/people/invite/").status_code == 302


def test_a_copy_of_the_cookie_does_not_become_fresh_with_its_owner(owner: User) -> None:
    client, thief = client_of(owner), Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert thief.get("/accounts/2fa/").status_code == 200

    prove(client, client.get(PAGE))

    assert client.get("/console/people/invite/").status_code == 200
    assert urlsplit(thief.get("/console/people/invite/")["Location"]).path == LOGIN


def test_somebody_with_nothing_to_prove_it_by_is_never_let_in(owner: User) -> None:
    client = client_of(owner)
    User.objects.filter(pk=owner.pk).update(password="!")
    client.force_login(User.objects.get(pk=owner.pk))

    answer = client.get("/console/people/invite/", follow=True)

    assert "no password and no second factor" in answer.content.decode()


def test_whom_it_concerns_is_said_to_those_only_who_may_open_the_page(operator: User) -> None:
    auditor = client_of(make_person("auditor"))

    page = auditor.get(PAGE, {"next": role_url(operator)}).content.decode()

    assert "You are about to change the role." in page
    assert operator.email not in page


def test_a_row_of_the_session_list_follows_its_session(owner: User) -> None:
    client = Client()
    client.post(LOGIN, {"login": owner.email, "password": PASSWORD})
    prove(client, client.get(PAGE))

    listed = client.get(reverse("usersessions_list")).content.decode()

    assert listed.count("this one") == 1
