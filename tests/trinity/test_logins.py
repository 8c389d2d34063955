"""Who logged in and who failed to: written down, bounded, without a stranger's words."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client, override_settings
from redis import Redis

from kernel import hourly_counters
from ledger.models import LedgerEntry
from tests.factories.people import PASSWORD, client_of, log_in, make_person
from tests.trinity.test_login import DEAD_REDIS, sent, totp_code
from trinity import tasks
from trinity.logins.models import RefusalCount
from trinity.logins.usecases.forget_refusals import forget_refusals
from trinity.logins.usecases.write_tallies import write_tallies

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXP"
HOUR = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
NEW_PASSWORD = "another horse battery"


def entries(event: str) -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(event=event).order_by("id"))


def facts(event: str) -> list[dict[str, Any]]:
    return [{k: v for k, v in entry.facts.items() if k != "actor"} for entry in entries(event)]


def wrong_password(address: str, *, visitor: str = "203.0.113.1") -> None:
    form = {"login": address, "password": "wrong wrong wrong"}
    Client().post("/accounts/login/", form, REMOTE_ADDR=visitor)


@pytest.fixture
def person() -> User:
    return make_person("operator")


@pytest.fixture
def owner() -> User:
    return make_person("owner")


def test_a_login_and_a_logout_are_entries_and_events(
    person: User, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client()
    with caplog.at_level("INFO", logger="trinity.logins"):
        log_in(client, person)
        client.post("/accounts/logout/")

    assert facts("person.logged_in") == [{"proof": "password", "is_new_browser": True}]
    assert [(e.subject, e.facts["actor"]) for e in entries("person.logged_out")] == [
        (f"user:{person.pk}", f"user:{person.pk}")
    ]
    said = [r.getMessage() for r in caplog.records if r.name == "trinity.logins.operations"]
    assert said == ["person.logged_in", "person.logged_out"]


def test_the_second_login_of_a_browser_is_no_new_one(person: User) -> None:
    client = Client()
    for _ in range(2):
        log_in(client, person)
        client.post("/accounts/logout/")

    assert [each["is_new_browser"] for each in facts("person.logged_in")] == [True, False]


def test_a_login_says_by_which_second_factor(person: User) -> None:
    TOTP.activate(person, SECRET)
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    assert facts("person.logged_in") == []

    client.post("/accounts/2fa/authenticate/", {"code": totp_code(SECRET, time.time())})

    assert facts("person.logged_in") == [
        {"proof": "password", "factor": "totp", "is_new_browser": True}
    ]


def test_a_changed_password_is_an_entry(person: User) -> None:
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client_of(person).post("/accounts/password/change/", form)

    assert facts("person.password_changed") == [{}]


def test_a_password_chosen_by_mail_is_an_entry(person: User) -> None:
    client = Client()
    client.post("/accounts/password/reset/", {"email": person.email})
    link = re.search(r"/accounts/password/reset/key/\S+", str(sent()[0].body))
    assert link
    page = client.get(link[0], follow=True)
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post(page.redirect_chain[-1][0], form)

    assert facts("person.password_changed") == [{"proof": "password_reset"}]


def test_ended_sessions_are_an_entry(person: User) -> None:
    here, elsewhere = Client(), Client()
    log_in(elsewhere, person)
    log_in(here, person)
    make_fresh(here, person)

    here.post("/accounts/sessions/")

    assert facts("person.sessions_ended") == [{"sessions_ended": 1}]


def make_fresh(client: Client, person: User) -> None:
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time(), "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()


@pytest.mark.django_db(transaction=True)
def test_second_factors_are_entries() -> None:
    """Codes are said after the commit: this test has real ones."""
    client = client_of(person := make_person("operator"), is_fresh=True)
    client.get("/accounts/2fa/totp/activate/")
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r"\b[A-Z2-7]{32}\b", page.replace(" ", ""))
    assert secret
    client.post("/accounts/2fa/totp/activate/", {"code": totp_code(secret[0], time.time())})
    assert Authenticator.objects.filter(user=person).count() == 2

    assert sorted(each["factor"] for each in facts("person.factor_added")) == [
        "recovery_codes", "totp",
    ]  # fmt: skip


def test_a_refused_page_is_one_entry_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    client = client_of(auditor := make_person("auditor"))
    for _ in range(5):
        assert client.get("/console/people/").status_code == 403
    client.get("/console/logins/")

    assert [(e.subject, e.refs) for e in entries("person.access_refused")] == [
        (f"user:{auditor.pk}", ["door:people"]),
        (f"user:{auditor.pk}", ["door:logins"]),
    ]
    lines = [r for r in caplog.records if r.getMessage() == "person.access_refused"]
    assert len(lines) == 2


def test_a_refused_page_of_the_admin_is_an_entry() -> None:
    client_of(make_person("operator")).get("/admin/auth/user/")

    assert [e.refs for e in entries("person.access_refused")] == [
        ["door:admin_auth_user_changelist"]
    ]


def test_a_stranger_writes_no_row_and_no_entry_at_once(
    person: User, django_assert_num_queries: Any
) -> None:
    wrong_password(person.email)

    assert (RefusalCount.objects.count(), entries("login.refused")) == (0, [])


def test_failed_logins_are_counted_about_the_person_or_the_door(
    person: User, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        wrong_password(person.email.upper())
    for number in range(2):
        wrong_password(f"stranger{number}@example.com")

    with caplog.at_level("WARNING", logger="trinity.logins"):
        assert tasks.write_tallies() == 2
        wrong_password(person.email)
        assert tasks.write_tallies() == 0

    rows = RefusalCount.objects.order_by("-times").values_list("kind", "whose", "times")
    assert list(rows) == [
        ("wrong_password", f"user:{person.pk}", 4),
        ("wrong_password", "door:login", 2),
    ]
    assert [(e.subject, e.facts) for e in entries("login.refused")] == [
        ("door:login", {"actor": "visitor", "refusal": "wrong_password"}),
        (f"user:{person.pk}", {"actor": "visitor", "refusal": "wrong_password"}),
    ]
    assert [r.getMessage() for r in caplog.records if r.levelname == "WARNING"] == [
        "login.refused"
    ] * 2


def test_a_flood_is_one_counter_and_one_entry(person: User) -> None:
    for number in range(60):
        wrong_password(f"typed-name-{number}@example.com", visitor=f"198.51.100.{number}")
    tasks.write_tallies()

    row = RefusalCount.objects.get(kind="wrong_password")
    assert (row.whose, row.times) == ("door:login", 60)
    assert len(entries("login.refused")) == 1
    stored = b" ".join(
        key + str(Redis.from_url(settings.REDIS_URL).type(key)).encode()
        for key in Redis.from_url(settings.REDIS_URL).scan_iter("*tally*")
    )
    assert b"typed-name" not in stored


def test_wrong_codes_and_closed_accounts_are_counted(person: User) -> None:
    TOTP.activate(person, SECRET)
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    closed = make_person("operator")
    closed.is_active = False
    closed.save()
    Client().post("/accounts/login/", {"login": closed.email, "password": PASSWORD})
    tasks.write_tallies()

    assert set(RefusalCount.objects.values_list("kind", "whose")) == {
        ("wrong_code", f"user:{person.pk}"),
        ("closed_account", f"user:{closed.pk}"),
    }


def test_limits_are_counted_by_their_door(person: User) -> None:
    client = client_of(person)
    for _ in range(6):
        client.post("/accounts/password/change/", {})
    for _ in range(7):
        wrong_password(person.email)
    tasks.write_tallies()

    assert dict(RefusalCount.objects.filter(kind="limit").values_list("whose", "times")) == {
        "door:account_change_password": 1,
        "door:login_pair": 2,
    }


def test_what_redis_says_is_not_believed(person: User) -> None:
    tally = {
        ("wrong_password", f"user:{person.pk}"): 1,
        ("wrong_password", "user:999999"): 1,
        ("wrong_password", "ada@example.com"): 1,
        ("nonsense", "door:login"): 1,
        ("limit", "door:" + "x" * 60): 1,
    }

    write_tallies(hour=HOUR, tally=tally, now=HOUR)

    assert list(RefusalCount.objects.values_list("whose", flat=True)) == [f"user:{person.pk}"]


def test_a_count_never_falls(person: User) -> None:
    """Redis may have been emptied meanwhile."""
    name = ("wrong_password", f"user:{person.pk}")
    for times in (5, 2, 7, 7):
        write_tallies(hour=HOUR, tally={name: times}, now=HOUR)

    assert list(RefusalCount.objects.values_list("times", flat=True)) == [7]
    assert len(entries("login.refused")) == 1


def test_counts_are_kept_for_90_days(person: User) -> None:
    for days in (0, 89, 91):
        name = ("limit", "door:login")
        write_tallies(hour=HOUR - timedelta(days=days), tally={name: 1}, now=HOUR)

    assert (forget_refusals(now=HOUR), RefusalCount.objects.count()) == (1, 2)


@pytest.fixture
def dead_redis() -> Iterator[None]:
    with override_settings(CACHES=DEAD_REDIS):
        yield


def test_counting_never_fails_its_caller(dead_redis: None) -> None:
    hourly_counters.count("limit", "door:login", now=HOUR)


def test_a_tally_ends_by_itself() -> None:
    hourly_counters.count("limit", "door:login", now=HOUR)

    key = cache.make_key("tally:20261001T12")
    assert 0 < Redis.from_url(settings.REDIS_URL).ttl(key) <= 25 * 3600


@pytest.mark.parametrize("by", ["an owner", "the person", "the shell"])
def test_ending_the_sessions_forgets_the_browsers(person: User, by: str) -> None:
    """Whoever had a copy of the cookie is a stranger again, to the limits and to the notices."""
    stolen, theirs = Client(), Client()
    for browser in (stolen, theirs):
        log_in(browser, person)

    if by == "an owner":
        owner = client_of(make_person("owner"), is_fresh=True)
        owner.post(f"/console/people/{person.pk}/sessions/end/")
    elif by == "the person":
        theirs.post("/accounts/reauthenticate/", {"proof-password": PASSWORD})
        theirs.post("/accounts/sessions/")
    else:
        call_command("reset_second_factors", stdout=StringIO())
    stolen.post("/accounts/logout/")
    log_in(stolen, person)

    told = [each["is_new_browser"] for each in facts("person.logged_in")]
    assert told == [True, True, True]


def test_an_owner_is_told_of_a_new_browser_once(owner: User) -> None:
    log_in(Client(), owner)
    client = Client(headers={"user-agent": "Browser 7"})
    for _ in range(2):
        log_in(client, owner)
        client.post("/accounts/logout/")

    mails = [message for message in sent() if "New browser" in message.subject]
    assert [message.to for message in mails] == [[owner.email]]
    assert "Browser 7" in str(mails[0].body)


def test_the_first_login_of_an_owner_is_no_news(owner: User) -> None:
    log_in(Client(), owner)

    assert sent() == []


def test_an_operator_is_not(person: User) -> None:
    log_in(Client(), person)
    log_in(Client(), person)

    assert (sent(), mail.outbox) == ([], [])


def test_the_page_shows_who_and_what(owner: User, person: User) -> None:
    log_in(Client(), person)
    wrong_password(person.email)
    wrong_password("stranger@example.com")
    tasks.write_tallies()

    page = client_of(owner).get("/console/logins/").content.decode()

    assert page.count(person.email) == 2
    for words in ("Logged in", "password, new browser", "Wrong password",
                  "Login, at an address that nobody has"):  # fmt: skip
        assert words in page
    assert "stranger" not in page


def test_an_empty_page_says_what_will_appear(owner: User) -> None:
    page = client_of(owner).get("/console/logins/").content.decode()

    assert "Wrong passwords, wrong codes and too many tries will appear here." in page
    assert "Who logged in, confirmed who they are" in page
