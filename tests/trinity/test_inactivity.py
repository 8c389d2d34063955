"""A session that nobody uses ends; one that is used goes on, at one write a minute."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from tests.factories.people import log_in, make_person
from trinity import inactivity
from trinity.inactivity import LAST_USED

pytestmark = pytest.mark.django_db
PAGE = "/console/"


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(inactivity, "time", made)
    return made


@pytest.fixture
def owner(clock: Clock, client: Client) -> Client:
    client.force_login(make_person("owner"))
    return client


def written() -> object:
    return Session.objects.get().get_decoded().get(LAST_USED)


def test_a_session_that_nobody_used_ends(owner: Client, clock: Clock, settings: Settings) -> None:
    clock.now += settings.SESSION_IDLE_S
    assert owner.get(PAGE).status_code == 200
    clock.now += settings.SESSION_IDLE_S + 1

    answer = owner.get(PAGE)

    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={PAGE}")
    assert Session.objects.count() == 0


def test_a_form_that_comes_too_late_does_nothing(
    owner: Client, clock: Clock, settings: Settings
) -> None:
    clock.now += settings.SESSION_IDLE_S + 1
    answer = owner.post("/console/people/invite/", {"email": "x@example.com", "role": "owner"})
    assert answer.status_code in {302, 403}
    assert not User.objects.filter(email="x@example.com").exists()


def test_the_last_use_is_written_once_a_minute(owner: Client, clock: Clock) -> None:
    began = int(clock.now)
    for passed_s, last in ((59, 0), (60, 60), (80, 60), (119, 60), (120, 120)):
        clock.now = began + passed_s
        owner.get(PAGE)
        assert written() == began + last, passed_s


def test_between_two_writes_it_costs_no_statement(owner: Client, clock: Clock) -> None:
    clock.now += 30
    with CaptureQueriesContext(connection) as asked:
        owner.get(PAGE)

    about_sessions = [each["sql"] for each in asked if "django_session" in each["sql"]]
    assert len(about_sessions) == 1
    assert about_sessions[0].startswith("SELECT")


def test_what_another_request_wrote_meanwhile_stays(owner: Client, clock: Clock) -> None:
    row = Session.objects.get()
    clock.now += 61
    store = owner.session
    store["written_meanwhile"] = "yes"
    store.save()

    owner.get(PAGE)

    assert Session.objects.get(pk=row.pk).get_decoded()["written_meanwhile"] == "yes"
    assert written() == int(clock.now)


def test_a_session_without_the_mark_gets_one(owner: Client, clock: Clock) -> None:
    store = owner.session
    del store[LAST_USED]
    store.save()

    assert owner.get(PAGE).status_code == 200
    assert written() == int(clock.now)


def test_a_login_has_a_key_of_its_own(client: Client) -> None:
    person = make_person("owner")
    log_in(client, person)
    first = client.session.session_key
    assert LAST_USED in client.session

    client.post("/accounts/logout/")
    log_in(client, person)

    assert client.session.session_key != first
    assert not Session.objects.filter(pk=first).exists()


def test_a_stranger_has_no_session_for_it(client: Client) -> None:
    client.get("/")
    assert Session.objects.count() == 0
