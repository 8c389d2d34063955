"""Wrong passwords: nobody locks somebody else out, and nobody guesses for long."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client, override_settings
from redis import Redis

from notices.tasks import send_mails
from tests.factories.people import PASSWORD, client_of, log_in, make_person
from tests.trinity.test_login import totp_code
from trinity.logins import limits
from trinity.logins.browsers import KnownBrowser

pytestmark = pytest.mark.django_db
SEED = "JBSWY3DPEHPK3PXP"
COOKIE = settings.KNOWN_BROWSER_COOKIE_NAME
NEW_PASSWORD = "another horse battery"


def try_to_log_in(client: Client, user: User, password: str, visitor: str) -> bool:
    client.post(
        "/accounts/login/", {"login": user.email, "password": password}, REMOTE_ADDR=visitor
    )
    return "_auth_user_id" in client.session


def guess(user: User, times: int, *, visitors: int = 1) -> None:
    """Wrong passwords, as a stranger types them, from so many addresses in turn."""
    for number in range(times):
        try_to_log_in(Client(), user, "wrong wrong wrong", f"203.0.113.{1 + number % visitors}")


@pytest.fixture
def person() -> User:
    return make_person("operator")


def test_who_guesses_locks_only_themselves_out(person: User) -> None:
    guess(person, 8)

    assert not try_to_log_in(Client(), person, PASSWORD, "203.0.113.1")
    assert try_to_log_in(Client(), person, PASSWORD, "198.51.100.7")


def test_a_right_password_does_not_count(person: User) -> None:
    opened = [try_to_log_in(Client(), person, PASSWORD, "198.51.100.7") for _ in range(12)]

    assert opened == [True] * 12


def test_one_visitor_does_not_use_up_the_total(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PER_ADDRESS", limits.Limit("login:address", 6, 3600))
    guess(person, 30)

    assert try_to_log_in(Client(), person, PASSWORD, "198.51.100.7")


def test_many_visitors_together_have_a_total(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PER_ADDRESS", limits.Limit("login:address", 6, 3600))
    guess(person, 6, visitors=6)

    assert not try_to_log_in(Client(), person, PASSWORD, "198.51.100.7")


def test_the_total_is_what_asvs_asks() -> None:
    assert (limits.PER_ADDRESS.tries, limits.PER_ADDRESS.per_s) == (100, 3600)


def test_a_known_browser_is_not_locked_out_by_others(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PER_ADDRESS", limits.Limit("login:address", 6, 3600))
    known = Client()
    log_in(known, person)
    known.post("/accounts/logout/")
    guess(person, 12, visitors=6)
    guess(person, 8)

    assert try_to_log_in(known, person, PASSWORD, "203.0.113.1")  # from the very same address


def test_forms_sent_from_the_same_address_keep_nobody_out(person: User) -> None:
    """An office has one address: who sends empty forms there is no reason to refuse the rest."""
    for _ in range(40):
        Client().post("/accounts/login/", {"login": "", "password": ""}, REMOTE_ADDR="203.0.113.1")

    assert try_to_log_in(Client(), person, PASSWORD, "203.0.113.1")


def test_links_opened_at_the_same_address_keep_nobody_out(person: User) -> None:
    for _ in range(30):
        Client().post("/accounts/password/reset/key/1-a-b/", {}, REMOTE_ADDR="203.0.113.1")

    page = Client().post("/accounts/password/reset/key/1-a-b/", {}, REMOTE_ADDR="203.0.113.1")

    assert page.status_code == 200


def guess_codes(user: User, times: int) -> None:
    """Wrong codes, by somebody who has the password, from as many addresses."""
    for number in range(times):
        client = Client(REMOTE_ADDR=f"203.0.113.{number}")
        client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
        client.post("/accounts/2fa/authenticate/", {"code": "000000"})


def is_let_in_by_code(client: Client, user: User) -> bool:
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    code = totp_code(SEED, time.time() + 30)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    return "_auth_user_id" in client.session


def test_who_has_the_password_guesses_few_codes_and_shuts_no_known_browser_out(
    person: User,
) -> None:
    known = Client()
    log_in(known, person)
    known.post("/accounts/logout/")
    TOTP.activate(person, SEED)
    guess_codes(person, 6)

    assert not is_let_in_by_code(Client(), person)
    assert is_let_in_by_code(known, person)


def mails_of_resets(user: User, times: int, client: Client, visitor: str) -> int:
    before = len(mail.outbox)
    for _ in range(times):
        client.post("/accounts/password/reset/", {"email": user.email}, REMOTE_ADDR=visitor)
        client.cookies.pop(settings.SESSION_COOKIE_NAME, None)
    send_mails()
    return len(mail.outbox) - before


def test_who_asks_for_links_keeps_neither_others_nor_known_browsers_from_it(person: User) -> None:
    """Each link ends the one before: too many of them would be a way to keep somebody out."""
    known = Client()
    log_in(known, person)
    known.post("/accounts/logout/")
    mail.outbox.clear()

    asked = [
        mails_of_resets(person, 8, client, visitor)
        for client, visitor in (
            (Client(), "203.0.113.1"),
            (Client(), "203.0.113.2"),
            (Client(), "203.0.113.3"),
            (known, "203.0.113.1"),
        )
    ]

    assert asked == [5, 5, 0, 5]


def test_too_many_links_are_refused_alike_whether_or_not_the_address_is_known(
    person: User,
) -> None:
    for address in (person.email, "stranger@example.com"):
        pages = [Client().post("/accounts/password/reset/", {"email": address}) for _ in range(6)]

        assert [page.status_code for page in pages] == [302] * 5 + [200]
        assert "Too many tries" in pages[-1].content.decode()


def test_a_known_browser_guesses_not_for_long_either(person: User) -> None:
    known = Client()
    log_in(known, person)
    known.post("/accounts/logout/")
    for _ in range(10):
        try_to_log_in(known, person, "wrong wrong wrong", "198.51.100.7")

    assert not try_to_log_in(known, person, PASSWORD, "198.51.100.7")


def test_a_browser_known_to_one_person_is_a_strangers_to_another(person: User) -> None:
    mine = Client()
    log_in(mine, make_person("operator"))
    mine.post("/accounts/logout/")
    for _ in range(5):
        try_to_log_in(mine, person, "wrong wrong wrong", "203.0.113.1")

    assert not try_to_log_in(mine, person, PASSWORD, "203.0.113.1")


@pytest.mark.parametrize("cookie", ["", "nonsense", "e30:1:x", "\0", "x" * 3000])
def test_a_forged_cookie_makes_no_browser_known(person: User, cookie: str) -> None:
    forger = Client()
    forger.cookies[COOKIE] = cookie
    for _ in range(5):
        try_to_log_in(forger, person, "wrong wrong wrong", "203.0.113.1")

    assert not try_to_log_in(forger, person, PASSWORD, "203.0.113.1")


def test_the_cookie_names_nobody_and_is_bound_to_the_host(person: User) -> None:
    client = Client()
    log_in(client, person)

    cookie = client.cookies[COOKIE]

    assert person.email not in cookie.value
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/", True, "Lax")
    assert cookie["max-age"] == 180 * 24 * 3600


def test_a_browser_remembers_five_people() -> None:
    browser, people = KnownBrowser("b"), [make_person("operator") for _ in range(7)]
    for user in people:
        browser = browser.after_login_of(user)

    assert [user for user in people if browser.knows(user)] == people[2:]


def test_a_new_password_makes_every_browser_unknown(person: User) -> None:
    """Whoever has a copy of the cookie had no password with it, and gets no tries by it."""
    known = Client()
    log_in(known, person)
    known.post("/accounts/logout/")
    person.set_password(NEW_PASSWORD)
    person.save()
    guess(person, 8)

    assert not try_to_log_in(known, person, NEW_PASSWORD, "203.0.113.1")


def test_a_known_browser_has_fewer_than_a_hundred_tries_an_hour() -> None:
    hours = [limit for limit in limits.PER_KNOWN_BROWSER if limit.per_s == 3600]

    assert sum(limit.tries for limit in hours) < 100


def test_a_new_password_by_mail_ends_the_wait(person: User) -> None:
    guess(person, 8)
    client = Client(REMOTE_ADDR="203.0.113.1")
    client.post("/accounts/password/reset/", {"email": person.email})
    send_mails()
    link = re.search(r"/accounts/password/reset/key/\S+", str(mail.outbox[0].body))
    assert link
    page = client.get(link[0], follow=True)
    chosen = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post(page.redirect_chain[-1][0], chosen)

    assert try_to_log_in(Client(), person, NEW_PASSWORD, "203.0.113.1")


def test_a_fresh_confirmation_is_not_locked_by_others(person: User) -> None:
    client = client_of(person)
    guess(person, 8)

    proof = {"proof-password": PASSWORD}
    client.post("/accounts/reauthenticate/", proof, REMOTE_ADDR="203.0.113.1")

    assert client.session["account_authentication_methods"][-1]["reauthenticated"]


def test_no_counter_holds_an_address(person: User) -> None:
    guess(person, 1)

    names = [key.decode() for key in Redis.from_url(settings.REDIS_URL).scan_iter("*limit:login:*")]

    assert len(names) == 4
    assert not any("@" in name or "203.0" in name for name in names)


@override_settings(
    ACCOUNT_RATE_LIMITS=settings.ACCOUNT_RATE_LIMITS | {"change_password": "100/m/user"}
)
def test_the_present_password_is_guessed_no_oftener_at_its_change(person: User) -> None:
    """Whoever found a session knows no password; five tries a minute are 7,200 a day."""
    client = client_of(person)
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    for number in range(limits.PER_KNOWN_BROWSER[0].tries):
        client.post("/accounts/password/change/", {"oldpassword": f"wrong {number}", **new})

    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, **new})

    person.refresh_from_db()
    assert person.check_password(PASSWORD)
