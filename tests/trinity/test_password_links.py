"""Links to choose a password: one at a time, once, and no answer tells whose address is known."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories.people import PASSWORD, log_in, make_person
from tests.trinity.test_login import sent
from trinity.logins.models import PasswordLinkSerial
from trinity.people.links import password_link

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "another horse battery"
DEAD = "This link does not work any more"


def asked_for(address: str) -> str:
    """Ask for a link; return it, or nothing."""
    before = len(sent())
    Client().post("/accounts/password/reset/", {"email": address})
    found = [re.search(r"/accounts/password/reset/key/\S+", str(m.body)) for m in sent()[before:]]
    return found[0][0] if found and found[0] else ""


def is_dead(link: str) -> bool:
    return DEAD in Client().get(link, follow=True).content.decode()


def choose(link: str, password: str = NEW_PASSWORD) -> None:
    client = Client()
    page = client.get(link, follow=True)
    form = {"password1": password, "password2": password}
    client.post(page.redirect_chain[-1][0], form)


@pytest.fixture
def person() -> User:
    return make_person("operator")


def test_a_newer_link_ends_the_older_ones(person: User) -> None:
    links = [asked_for(person.email) for _ in range(3)]

    assert [is_dead(link) for link in links] == [True, True, False]


def test_a_page_that_is_open_ends_with_its_link(person: User) -> None:
    client = Client()
    page = client.get(asked_for(person.email), follow=True)
    asked_for(person.email)

    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    answer = client.post(page.redirect_chain[-1][0], form)

    assert DEAD in answer.content.decode()
    log_in(Client(), person, PASSWORD)


def test_an_invitation_ends_when_a_newer_link_is_made(person: User) -> None:
    invitation = password_link(person)

    newer = asked_for(person.email)

    assert (is_dead(invitation), is_dead(newer)) == (True, False)


def test_a_link_works_once(person: User) -> None:
    link = asked_for(person.email)
    choose(link)

    assert is_dead(link)
    log_in(Client(), person, NEW_PASSWORD)


def test_a_login_ends_a_link_that_was_asked_for_before(person: User) -> None:
    link = asked_for(person.email)
    log_in(Client(), person)

    assert is_dead(link)


def test_a_changed_password_ends_a_link(person: User) -> None:
    link = asked_for(person.email)
    person.set_password(NEW_PASSWORD)
    person.save()

    assert is_dead(link)


def test_a_link_of_one_person_opens_no_other(person: User) -> None:
    other = make_person("operator")
    key = asked_for(person.email).rpartition("-")[2]
    theirs = asked_for(other.email)

    assert is_dead(theirs.replace(theirs.rpartition("-")[2], key))


def statements(address: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        Client().post("/accounts/password/reset/", {"email": address})
    return [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in captured.captured_queries]


def test_a_strangers_address_is_the_same_work(person: User) -> None:
    statements("warm@example.com")

    from_known, from_stranger = statements(person.email), statements("stranger@example.com")

    assert from_known == from_stranger
    assert len(from_known) >= 2
    assert [message.to for message in sent()] == [[person.email]]


def test_nobodys_links_are_counted_and_open_nothing() -> None:
    assert asked_for("stranger@example.com") == ""

    assert list(PasswordLinkSerial.objects.values_list("user_number", "serial")) == [(0, 1)]
    assert is_dead("/accounts/password/reset/key/0-abc-def/")
    assert mail.outbox == []


def test_a_closed_account_gets_no_link(person: User) -> None:
    person.is_active = False
    person.save()

    assert asked_for(person.email) == ""
