"""Links to choose a password: one at a time, once, and no answer tells whose address is known."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger.models import LedgerEntry
from notices.models import OutgoingMail
from tests.factories.people import PASSWORD, client_of, log_in, make_person
from tests.trinity.endpoints import ENDPOINTS, Endpoint, by_route
from tests.trinity.test_login import is_logged_in, link_in, sent
from trinity.account_forms import ResetPasswordKeyForm
from trinity.logins.models import PasswordLinkSerial
from trinity.people.links import password_link

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "another horse battery"
NEW_WORDS = "Welcome. Choose your password"
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
    assert [statement for statement in from_known if "outgoingmail" in statement]
    assert [message.to for message in sent()] == [[person.email]]


def rows_left_by(address: str) -> dict[str, object]:
    """Return the row that asking leaves, but for what names this press of the button."""
    before = set(OutgoingMail.objects.values_list("pk", flat=True))
    Client().post("/accounts/password/reset/", {"email": address})
    (row,) = OutgoingMail.objects.exclude(pk__in=before).values()
    named = {"id", "reference", "key", "queued_at", "next_attempt_at", "worth_until"}
    assert row["to_address"] == address
    return {name: value for name, value in row.items() if name not in {*named, "to_address"}}


def test_a_strangers_address_leaves_the_same_row(person: User) -> None:
    assert rows_left_by(person.email) == rows_left_by("stranger@example.com")
    assert not PasswordLinkSerial.objects.exists()


def test_when_its_turn_comes_nothing_is_left_of_a_stranger() -> None:
    assert asked_for("stranger@example.com") == ""

    assert not OutgoingMail.objects.exists()
    assert not PasswordLinkSerial.objects.exists()
    assert mail.outbox == []


def test_a_link_is_made_when_its_mail_leaves_and_is_kept_nowhere(person: User) -> None:
    Client().post("/accounts/password/reset/", {"email": person.email})
    made_before = PasswordLinkSerial.objects.count()

    token = link_in(sent()[0]).rstrip("/").rpartition("-")[2]

    assert (made_before, PasswordLinkSerial.objects.get().serial) == (0, 1)
    (row,) = OutgoingMail.objects.values()
    assert token not in str(row)
    assert (row["state"], row["user_id"], row["to_address"], row["facts"]) == (
        "sent", person.pk, "", {},
    )  # fmt: skip


def test_a_closed_account_gets_no_link(person: User) -> None:
    person.is_active = False
    person.save()

    assert asked_for(person.email) == ""


def test_a_link_of_an_account_that_was_closed_meanwhile_is_dead(person: User) -> None:
    link = asked_for(person.email)
    User.objects.filter(pk=person.pk).update(is_active=False)

    assert is_dead(link)


def test_the_token_leaves_the_address_and_lies_in_no_session(person: User) -> None:
    link, client = asked_for(person.email), Client()

    page = client.get(link, follow=True)

    token = link.rstrip("/").rpartition("-")[2]
    assert token not in page.redirect_chain[-1][0] + page.content.decode()
    assert NEW_WORDS in page.content.decode()
    assert not Session.objects.exists()


def test_a_browser_that_did_not_open_the_link_is_shown_no_form(person: User) -> None:
    client = Client()
    address = client.get(asked_for(person.email), follow=True).redirect_chain[-1][0]
    theirs = Client().get(asked_for(make_person("operator").email), follow=True)

    assert DEAD in Client().get(address).content.decode()
    assert DEAD in client.get(theirs.redirect_chain[-1][0]).content.decode()


def test_opening_somebodys_link_logs_nobody_out(person: User) -> None:
    """A link is opened by a click on any page; what changes something is a form."""
    client = client_of(make_person("owner"))

    client.get(asked_for(person.email), follow=True)

    assert client.get("/console/people/").status_code == 200


def test_whoever_chose_a_password_is_logged_in_nowhere(person: User) -> None:
    client = client_of(person)
    page = client.get(asked_for(person.email), follow=True)
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    said = client.post(page.redirect_chain[-1][0], form)

    assert said["Location"] == "/accounts/password/reset/key/done/"
    assert not is_logged_in(client)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_send_one_link_at_once_one_chooses(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, both = asked_for(person.email), Barrier(2)
    clean = ResetPasswordKeyForm.clean

    def clean_together(form: ResetPasswordKeyForm) -> object:
        both.wait(20)
        return clean(form)

    monkeypatch.setattr(ResetPasswordKeyForm, "clean", clean_together)

    def send(number: int) -> bool:
        client = Client()
        page = client.get(link, follow=True)
        chosen = f"{NEW_PASSWORD} {number}"
        form = {"password1": chosen, "password2": chosen}
        try:
            said = client.post(page.redirect_chain[-1][0], form)
        finally:
            connection.close()
        return bool(said.status_code == 302)

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(send, range(2)))

    person.refresh_from_db()
    assert sorted(won) == [False, True]
    assert person.check_password(f"{NEW_PASSWORD} {won.index(True)}")
    assert LedgerEntry.objects.filter(event="person.password_changed").count() == 1


@pytest.mark.parametrize(
    "endpoint",
    [endpoint for endpoint in ENDPOINTS if endpoint.route.startswith("accounts/")],
    ids=by_route,
)
def test_no_page_of_an_account_is_kept_by_the_browser_of_a_stranger(
    endpoint: Endpoint, client: Client
) -> None:
    said = client.get(endpoint.address)

    assert said.status_code != 200 or "no-store" in said.headers.get("Cache-Control", "")
