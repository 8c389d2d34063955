"""The people page: invitations, roles, closing accounts, and what the ledger says of it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client, override_settings

from ledger.models import LedgerEntry
from notices.models import OutgoingMail
from notices.tasks import send_mails
from tests.factories.people import PASSWORD, client_of, log_in, make_person
from tests.trinity.test_login import sent
from trinity.logins import enums
from trinity.people import queries
from trinity.people.operations import EmailTaken, LastOwner, NotYourself
from trinity.people.usecases.change_role import change_role
from trinity.people.usecases.deactivate_person import deactivate_person
from trinity.people.usecases.invite_person import invite_person

pytestmark = pytest.mark.django_db

INVITATION = {
    "email": "Grace@Example.com", "first_name": "Grace", "last_name": "Hopper", "role": "operator",
}  # fmt: skip


LOGIN_EVENTS = (
    enums.LOGGED_IN, enums.LOGGED_OUT, enums.STEPPED_UP, enums.PASSWORD_CHANGED,
    enums.ACCESS_REFUSED,
)  # fmt: skip


def events() -> list[tuple[str, str, object, object]]:
    """Return what was done to people; what they do with their logins is test_logins' matter."""
    done = LedgerEntry.objects.exclude(event__in=LOGIN_EVENTS)
    rows = done.order_by("id").values_list("event", "subject", "facts")
    return [(event, subject, facts["actor"], facts.get("role")) for event, subject, facts in rows]


@pytest.fixture
def owner() -> User:
    return make_person("owner")


@pytest.fixture
def fresh(owner: User) -> Client:
    return client_of(owner, is_fresh=True)


def test_an_invited_person_chooses_a_password_and_has_the_role(fresh: Client, owner: User) -> None:
    fresh.post("/console/people/invite/", INVITATION)

    user = User.objects.get(email="grace@example.com")
    link = re.search(r"https?://\S+/key/\S+", str(sent()[0].body))
    assert link is not None
    guest = Client()
    page = guest.get(urlsplit(link[0]).path, follow=True)
    assert "Welcome. Choose your password." in page.content.decode()
    saved = guest.post(
        page.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD}, follow=True
    ).content.decode()
    assert "Your password is saved." in saved
    assert "changed" not in saved.split("<main")[1]
    log_in(guest, user)
    assert user.has_perm("revenue.review_order")
    assert not user.has_perm("revenue.refund_order")
    assert not user.is_superuser
    assert sent()[0].to == ["grace@example.com"]
    assert events() == [
        ("person.invited", f"user:{user.pk}", f"user:{owner.pk}", "operator"),
    ]


def test_an_invitation_says_its_role_and_its_mode_in_text_and_in_html(
    fresh: Client, owner: User
) -> None:
    fresh.post("/console/people/invite/", INVITATION | {"first_name": "<b>Grace</b>"})

    message = sent()[0]
    assert isinstance(message, mail.EmailMultiAlternatives)
    text, (html, kind) = str(message.body), message.alternatives[0]
    role = "You are invited as operator. An operator reads everything, reviews leads and orders"
    assert message.subject.startswith("[sandbox: no real money] ")
    assert kind == "text/html"
    assert "<b>Grace</b>" not in str(html)
    for version in (text, str(html)):
        assert role in version
        assert "No real money moves here" in version
        assert re.search(r"https?://\S+/key/\S+", version)


def test_a_name_begins_no_line_of_a_mail(fresh: Client, owner: User) -> None:
    """Neither one that is typed now nor one that was stored before."""
    evil = "Grace\r\nBcc: x@example.com\n\x0b\u2028Pay here: http://evil.example"
    owner.first_name = f"Ada\r\n{evil}"
    owner.save()
    fresh.post("/console/people/invite/", INVITATION | {"first_name": evil})

    message = sent()[0]
    lines = str(message.body).splitlines()
    assert [line for line in lines if line.startswith(("Bcc", "Pay here"))] == []
    name = "Grace Bcc: x@example.com Pay here: http://evil.example"
    assert User.objects.get(email="grace@example.com").first_name == name


def test_nothing_of_a_person_is_in_the_ledger(fresh: Client) -> None:
    fresh.post("/console/people/invite/", INVITATION)

    rows = " ".join(str(row) for row in LedgerEntry.objects.values())

    assert "grace" not in rows.lower()
    assert "hopper" not in rows.lower()


def test_the_invitation_expires(fresh: Client) -> None:
    fresh.post("/console/people/invite/", INVITATION)
    link = re.search(r"https?://\S+/key/\S+", str(sent()[0].body))
    assert link is not None

    with override_settings(PASSWORD_RESET_TIMEOUT=-1):
        page = Client().get(urlsplit(link[0]).path, follow=True)

    assert "This link does not work any more" in page.content.decode()


def test_the_same_address_is_not_invited_twice(fresh: Client) -> None:
    fresh.post("/console/people/invite/", INVITATION)

    answer = fresh.post("/console/people/invite/", INVITATION | {"email": "grace@example.com"})

    assert "Somebody on the team has this address already." in answer.content.decode()
    assert User.objects.filter(email="grace@example.com").count() == 1
    assert len(sent()) == 1


def test_an_address_taken_leaves_no_half_person(owner: User, now: datetime) -> None:
    with pytest.raises(EmailTaken):
        invite_person(
            email=owner.email, first_name="x", last_name="", role="auditor", by_id=owner.pk, now=now
        )

    assert User.objects.count() == 1


BROKEN = {
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": 1,
}  # fmt: skip


def test_an_invitation_that_finds_no_mail_server_is_tried_again_and_says_so(fresh: Client) -> None:
    fresh.post("/console/people/invite/", INVITATION)
    user = User.objects.get(email="grace@example.com")

    with override_settings(**BROKEN):
        send_mails()
    page = fresh.get(f"/console/people/{user.pk}/").content.decode()
    queued = OutgoingMail.objects.get()
    OutgoingMail.objects.update(next_attempt_at=queued.queued_at)

    assert (queued.state, queued.attempts) == ("queued", 1)
    assert "ConnectionRefusedError" in page
    assert "Next try" in page
    assert [message.to for message in sent()] == [["grace@example.com"]]


def test_pressing_again_while_an_invitation_waits_sends_one(fresh: Client) -> None:
    fresh.post("/console/people/invite/", INVITATION)
    user = User.objects.get(email="grace@example.com")

    for _ in range(2):
        fresh.post(f"/console/people/{user.pk}/invite/")

    assert len(sent()) == 1


def test_an_invitation_that_has_left_can_be_sent_anew(fresh: Client) -> None:
    fresh.post("/console/people/invite/", INVITATION)
    user = User.objects.get(email="grace@example.com")
    first = re.search(r"https?://\S+/key/\S+", str(sent()[0].body))

    fresh.post(f"/console/people/{user.pk}/invite/")

    second = re.search(r"https?://\S+/key/\S+", str(sent()[1].body))
    assert first is not None
    assert second is not None
    assert first[0] != second[0]


def test_whoever_has_a_password_by_now_is_invited_no_more(fresh: Client) -> None:
    fresh.post("/console/people/invite/", INVITATION)
    user = User.objects.get(email="grace@example.com")
    user.set_password(PASSWORD)
    user.save()

    assert (sent(), OutgoingMail.objects.get().state) == ([], "overtaken")


def test_where_mails_are_files_an_invitation_is_said_to_be_one(
    fresh: Client, tmp_path: Path
) -> None:
    backend = "django.core.mail.backends.filebased.EmailBackend"
    with override_settings(EMAIL_BACKEND=backend, EMAIL_FILE_PATH=tmp_path):
        page = fresh.post("/console/people/invite/", INVITATION, follow=True).content.decode()
        send_mails()

    assert "The invitation for grace@example.com is a file in TRINITY_HOME/mail" in page
    assert "on its way" not in page
    assert len(list(tmp_path.iterdir())) == 1


def test_an_invitation_is_not_sent_again_to_who_has_a_password(fresh: Client) -> None:
    user = make_person("operator")

    fresh.post(f"/console/people/{user.pk}/invite/")

    assert sent() == []


def test_a_changed_role_counts_from_the_next_click(fresh: Client, owner: User) -> None:
    user = make_person("auditor")
    theirs = client_of(user)
    assert theirs.get("/console/people/").status_code == 403

    fresh.post(f"/console/people/{user.pk}/role/", {"role": "owner"})

    assert theirs.get("/console/people/").status_code == 200
    assert events() == [
        ("person.role_changed", f"user:{user.pk}", f"user:{owner.pk}", "owner"),
    ]


def test_the_same_role_again_is_no_change(fresh: Client) -> None:
    user = make_person("auditor")

    fresh.post(f"/console/people/{user.pk}/role/", {"role": "auditor"})

    assert events() == []


def test_an_unknown_role_changes_nothing(fresh: Client) -> None:
    user = make_person("auditor")

    fresh.post(f"/console/people/{user.pk}/role/", {"role": "emperor"})

    assert [group.name for group in user.groups.all()] == ["auditor"]


def test_closing_an_account_ends_its_sessions_at_once(fresh: Client, owner: User) -> None:
    user = make_person("operator")
    browsers = [Client(), Client()]
    for browser in browsers:
        log_in(browser, user)

    page = fresh.post(f"/console/people/{user.pk}/deactivate/", follow=True)

    assert "2 sessions ended" in page.content.decode()
    assert [browser.get("/accounts/2fa/").status_code for browser in browsers] == [302, 302]
    assert [browser.session.keys() == set() for browser in browsers] == [True, True]
    refused = Client()
    refused.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert "_auth_user_id" not in refused.session
    assert events() == [
        ("person.deactivated", f"user:{user.pk}", f"user:{owner.pk}", None),
    ]


def test_an_inactive_person_is_refused_even_with_a_session_left(owner: User) -> None:
    user = make_person("owner")
    theirs = client_of(user)

    User.objects.filter(pk=user.pk).update(is_active=False)

    assert theirs.get("/console/people/").status_code == 302


def test_closing_twice_is_one_entry(fresh: Client) -> None:
    user = make_person("operator")

    for _ in range(2):
        fresh.post(f"/console/people/{user.pk}/deactivate/")

    assert [event[0] for event in events()] == ["person.deactivated"]


def test_an_account_opens_again_with_its_role(fresh: Client) -> None:
    user = make_person("operator")
    fresh.post(f"/console/people/{user.pk}/deactivate/")

    fresh.post(f"/console/people/{user.pk}/reactivate/")

    log_in(Client(), user)
    assert [event[0] for event in events()] == ["person.deactivated", "person.reactivated"]


@pytest.mark.parametrize("verb", ["role", "deactivate"])
def test_nobody_demotes_or_closes_themselves(fresh: Client, owner: User, verb: str) -> None:
    make_person("owner")

    page = fresh.post(f"/console/people/{owner.pk}/{verb}/", {"role": "auditor"}, follow=True)

    owner.refresh_from_db()
    assert "Nothing was changed." in page.content.decode()
    assert (owner.is_active, [g.name for g in owner.groups.all()]) == (True, ["owner"])
    assert events() == []


def test_the_last_owner_stays(owner: User, now: datetime) -> None:
    stranger = make_person("operator")

    with pytest.raises(LastOwner):
        deactivate_person(user_id=owner.pk, by_id=stranger.pk, now=now)
    with pytest.raises(LastOwner):
        change_role(user_id=owner.pk, role="auditor", by_id=stranger.pk, now=now)
    with pytest.raises(NotYourself):
        deactivate_person(user_id=owner.pk, by_id=owner.pk, now=now)


def test_the_list_says_who_is_who(owner: User) -> None:
    invited = make_person("auditor")
    invited.set_unusable_password()
    invited.save()
    closed = make_person("operator")
    User.objects.filter(pk=closed.pk).update(is_active=False)

    listed = [(person.id, person.role, person.state) for person in queries.people()]

    assert listed == [
        (owner.pk, "owner", "active"),
        (invited.pk, "auditor", "invited"),
        (closed.pk, "operator", "closed"),
    ]


def test_a_long_list_costs_as_many_queries_as_a_short_one(
    owner: User, django_assert_num_queries: object
) -> None:
    for _ in range(5):
        make_person("operator")

    with django_assert_num_queries(3):
        queries.people()


def test_somebody_who_is_not_there_is_not_found(fresh: Client) -> None:
    assert fresh.get("/console/people/999999/").status_code == 404
