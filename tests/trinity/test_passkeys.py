"""Passkeys: an answer that nobody can read is a wrong one, and a key does what its owner chose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client, override_settings
from fido2 import cbor

from tests.factories.people import PASSWORD, client_of, make_person
from tests.trinity.soft_key import Answer, SoftKey, text
from tests.trinity.test_login import DEAD_REDIS, is_logged_in
from trinity import account_views, tasks
from trinity.logins.models import RefusalCount

pytestmark = pytest.mark.django_db

COOKIE = settings.PASSKEY_COOKIE_NAME
LOGIN, ADD, STEP_UP = (
    "/accounts/2fa/webauthn/login/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/reauthenticate/",
)
ODD = ([], "x", None, {}, "\ud800", 10**40)
ODD_BYTES = tuple(
    text(raw)
    for raw in (
        b"\xff", b"[]", b"{}", b"\0" * 32 + b"\x40" + b"\0" * 200,
        b"\0" * 32 + b"\x80\0\0\0\0" + b"\x81" * 3000,
        b'{"type":1,"challenge":[],"origin":{}}', "١".encode(), b"1y2p0ij32e8e8", cbor.encode({}),
        cbor.encode({"fmt": "packed", "attStmt": {}, "authData": b"\0" * 37}),
    )
)  # fmt: skip
UNPARSED = ("", "{", "NaN", "[" * 20_000, '{"a":' * 5_000, "9" * 5_000, "1e999")


def mangled(answer: Answer) -> Iterator[str]:
    """Yield ``answer`` with each of its parts missing or odd, and what is no answer at all."""
    yield from UNPARSED
    yield from map(json.dumps, ODD)
    for holder in ((), ("response",)):
        for name in list(part(answer, holder)):
            for odd in (*ODD, *(ODD_BYTES if holder else ())):
                other = deepcopy(answer)
                part(other, holder)[name] = odd
                yield json.dumps(other)
            other = deepcopy(answer)
            del part(other, holder)[name]
            yield json.dumps(other)


def part(answer: Answer, holder: tuple[str, ...]) -> dict[str, Any]:
    return answer[holder[0]] if holder else answer


def challenge_of(client: Client) -> str:
    said = client.get(LOGIN, headers={"accept": "application/json"}).json()
    return str(said["request_options"]["publicKey"]["challenge"])


def fresh(user: User) -> Client:
    client = client_of(user)
    client.post(STEP_UP, {"proof-password": PASSWORD})
    return client


def adding(client: Client) -> str:
    options = client.get(ADD).context["js_data"]["creation_options"]
    return str(options["publicKey"]["challenge"])


def with_key(user: User, key: SoftKey, **chosen: str) -> Client:
    client = fresh(user)
    client.post(ADD, {"credential": json.dumps(key.made(adding(client))), **chosen})
    assert Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).count() == 1
    return client


def logs_in_alone(user: User, key: SoftKey) -> bool:
    client = Client()
    answer = key.signed(challenge_of(client), user=user_pk_to_url_str(user))
    client.post(LOGIN, {"credential": json.dumps(answer)})
    return is_logged_in(client)


def test_an_unreadable_answer_of_a_stranger_is_a_wrong_one() -> None:
    user = make_person("operator")
    answer = SoftKey().signed("AAAA", user=user_pk_to_url_str(user))
    client = Client()

    for credential in mangled(answer):
        cache.clear()
        challenge_of(client)
        said = client.post(LOGIN, {"credential": credential})
        assert (said.status_code, said["Location"]) == (302, "/accounts/login/"), credential[:300]


@pytest.mark.parametrize("where", [STEP_UP, "/accounts/2fa/authenticate/"])
def test_and_so_is_one_to_a_page_that_asks_for_the_key(where: str) -> None:
    user = make_person("operator")
    key = SoftKey()
    client = with_key(user, key)
    if where == STEP_UP:
        field = "proof-credential"
    else:
        client, field = Client(), "credential"
        client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})

    for credential in mangled(key.signed("AAAA", user=user_pk_to_url_str(user))):
        cache.clear()
        assert client.post(where, {field: credential}).status_code == 200, credential[:300]


def test_a_key_that_nobody_can_read_is_not_added() -> None:
    client = fresh(make_person("operator"))
    key = SoftKey()
    answer = key.made(adding(client))

    for credential in mangled(answer):
        said = client.post(ADD, {"name": "Mine", "credential": credential})
        assert said.status_code in {200, 302}, credential[:300]
        Authenticator.objects.all().delete()


@pytest.mark.parametrize(("chosen", "is_alone"), [({"passwordless": "on"}, True), ({}, False)])
def test_a_key_logs_in_by_itself_only_where_its_owner_said_so(
    chosen: dict[str, str], is_alone: bool
) -> None:
    """Whatever the browser says of the key: the page promises that the password is asked first."""
    user, key = make_person("owner"), SoftKey()
    with_key(user, key, **chosen)

    assert logs_in_alone(user, key) is is_alone


def test_an_answer_is_taken_once() -> None:
    user, key = make_person("owner"), SoftKey()
    with_key(user, key, passwordless="on")
    client = Client()
    answer = json.dumps(key.signed(challenge_of(client), user=user_pk_to_url_str(user)))
    client.post(LOGIN, {"credential": answer})
    assert is_logged_in(client)

    client.post(STEP_UP, {"proof-credential": answer})
    other = Client()
    challenge_of(other)
    other.post(LOGIN, {"credential": answer})

    assert client.get("/console/people/invite/").status_code == 302
    assert not is_logged_in(other)


def test_a_touch_without_pin_or_finger_logs_nobody_in() -> None:
    user, key, client = make_person("owner"), SoftKey(), Client()
    with_key(user, key, passwordless="on")

    touched = key.signed(challenge_of(client), user=user_pk_to_url_str(user), flags=1)
    client.post(LOGIN, {"credential": json.dumps(touched)})

    assert not is_logged_in(client)


def test_a_kept_challenge_is_answered_once() -> None:
    user, key, client = make_person("owner"), SoftKey(), Client()
    with_key(user, key, passwordless="on")
    answer = json.dumps(key.signed(challenge_of(client), user=user_pk_to_url_str(user)))
    other = Client()
    other.cookies[COOKIE] = client.cookies[COOKIE].value
    client.post(LOGIN, {"credential": answer})
    assert is_logged_in(client)

    other.post(LOGIN, {"credential": answer})

    assert not is_logged_in(other)


@pytest.mark.parametrize("cookie", ["", "nonsense", '{"challenge":"AAAA"}:1:x'])
def test_a_challenge_that_is_not_ours_is_none(cookie: str) -> None:
    user, key, client = make_person("owner"), SoftKey(), Client()
    with_key(user, key, passwordless="on")
    client.cookies[COOKIE] = cookie

    answer = json.dumps(key.signed("AAAA", user=user_pk_to_url_str(user)))
    said = client.post(LOGIN, {"credential": answer})

    assert (said["Location"], is_logged_in(client)) == ("/accounts/login/", False)


def test_a_challenge_ends_after_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    user, key, client = make_person("owner"), SoftKey(), Client()
    with_key(user, key, passwordless="on")
    answer = json.dumps(key.signed(challenge_of(client), user=user_pk_to_url_str(user)))

    assert client.cookies[COOKIE]["max-age"] == 600
    monkeypatch.setattr(account_views, "CHALLENGE_LIVES", timedelta(seconds=-1))  # it is over

    client.post(LOGIN, {"credential": answer})

    assert not is_logged_in(client)


def test_strangers_at_the_same_address_keep_no_passkey_out_and_leave_no_row() -> None:
    user, key = make_person("owner"), SoftKey()
    with_key(user, key, passwordless="on")
    rows = Session.objects.count()
    for _ in range(50):
        stranger = Client()
        challenge_of(stranger)
        stranger.post(LOGIN, {"credential": "{}"})
    assert Session.objects.count() == rows

    assert logs_in_alone(user, key)


def test_with_redis_down_no_passkey_logs_in() -> None:
    user, key, client = make_person("owner"), SoftKey(), Client()
    with_key(user, key, passwordless="on")
    answer = json.dumps(key.signed(challenge_of(client), user=user_pk_to_url_str(user)))

    with override_settings(CACHES=DEAD_REDIS):
        said = client.post(LOGIN, {"credential": answer})

    assert (said.status_code, is_logged_in(client)) == (503, False)


@pytest.mark.parametrize("credential", ["{}", "{", "", "forged"])
def test_a_refused_passkey_is_counted_at_each_place_where_one_is_asked_for(credential: str) -> None:
    user, key = make_person("owner"), SoftKey()
    client = with_key(user, key, passwordless="on")
    handle, forger = user_pk_to_url_str(user), SoftKey()

    def answer(challenge: str) -> str:
        is_forged = credential == "forged"
        return json.dumps(forger.signed(challenge, user=handle)) if is_forged else credential

    client.post(STEP_UP, {"proof-credential": answer("AAAA")})
    stranger = Client()
    stranger.post(LOGIN, {"credential": answer(challenge_of(stranger))})
    halfway = Client()
    halfway.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    halfway.post("/accounts/2fa/authenticate/", {"credential": answer("AAAA")})
    tasks.write_tallies()

    assert dict(RefusalCount.objects.values_list("whose", "times")) == {
        f"user:{user.pk}": 2,
        "door:mfa_login_webauthn": 1,
    }
    assert set(RefusalCount.objects.values_list("kind", flat=True)) == {"wrong_passkey"}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("My\r\nkey\u202eexe.\x07", "My keyexe."),
        ("\u200b\u2066", "My passkey"),
        ("\N{BLACK FLAG}", "\N{BLACK FLAG}"),
    ],
)
def test_the_name_of_a_key_is_one_line_that_can_be_read(typed: str, kept: str) -> None:
    client = with_key(make_person("owner"), SoftKey(), name=typed)
    key = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN)
    assert str(key) == kept

    client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/edit/", {"name": f"{typed}!"})

    key.refresh_from_db()
    assert str(key) in {f"{kept}!", "!"}


def test_the_name_of_a_key_is_short() -> None:
    client = with_key(make_person("owner"), SoftKey())
    key = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN)

    page = client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/edit/", {"name": "x" * 61})

    key.refresh_from_db()
    assert (page.status_code, str(key)) == (200, "My passkey")
