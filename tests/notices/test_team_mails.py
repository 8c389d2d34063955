"""Mails to the team: queued once, sent lane by lane, tried again, given up where people see it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.utils import timezone

from kernel import nudges
from kernel.leases import claim_due
from kernel.liveness import database_now
from ledger.models import LedgerEntry
from notices.enums import Lane, MailState
from notices.exchanges.mails import LANES, OutgoingMails
from notices.models import OutgoingMail
from notices.operations import queue_mail
from notices.operations.mails import QUEUED
from notices.outbox.draining import send_due
from notices.outbox.kinds import kind_of, known, register
from notices.outbox.sending import LEASE, MAIL_RETRIES, give_up_lost, send_next
from notices.ports import Letter, MailRefused, MailUnknown
from tests.factories.people import client_of, make_person
from tests.kernel.test_nudges import app_on, make_current, wait_until
from tests.trinity.test_login import DEAD_REDIS
from trinity.celery import app as project_app
from trinity.people.mails import INVITATION, NOTICES, RESET, queue_invitation, queue_notice
from trinity.people.mails import queue_reset as queue_reset_now

pytestmark = pytest.mark.django_db

ACCESS, ACCOUNT = OutgoingMails(Lane.ACCESS), OutgoingMails(Lane.ACCOUNT)


class Mailbox:
    """A mailer that keeps letters, or ends as told."""

    def __init__(self, *ends: Exception | None) -> None:
        self.ends, self.letters = list(ends), []

    def send(self, letter: Letter) -> None:
        self.letters.append(letter)
        if self.ends and (end := self.ends.pop(0)) is not None:
            raise end

    def read_back(self, **_: Any) -> None:
        return None


@pytest.fixture
def person() -> User:
    return make_person("operator")


@pytest.fixture
def owner() -> User:
    return make_person("owner")


def reset_for(person: User) -> OutgoingMail:
    queue_reset_now(typed=person.email, now=timezone.now())
    return OutgoingMail.objects.latest("pk")


def notice_to(person: User) -> OutgoingMail:
    queue_notice(
        "account/email/password_changed",
        user_id=person.pk,
        visitor="203.0.113.9",
        browser="Browser 7",
        now=timezone.now(),
    )
    return OutgoingMail.objects.latest("pk")


def test_one_key_is_one_mail(person: User, owner: User) -> None:
    for _ in range(2):
        queue_invitation(user=person, nth=1, by_id=owner.pk, now=timezone.now())

    assert OutgoingMail.objects.count() == 1


def test_a_mail_carries_only_facts_that_its_kind_names(person: User) -> None:
    with pytest.raises(ValueError, match="carries no token"):
        queue_mail(kind=RESET, user_id=person.pk, facts={"token": "s3cret"}, now=timezone.now())


def test_a_kind_that_nobody_registered_is_refused(person: User) -> None:
    with pytest.raises(KeyError):
        queue_mail(kind="nobody.knows", user_id=person.pk, now=timezone.now())


def test_every_kind_has_words_and_is_registered_once() -> None:
    assert {INVITATION, RESET} < set(known())
    assert len(known()) == 10 + len(
        NOTICES
    )  # safety, purchases, what waits, its reminder, wrong answers
    with pytest.raises(ValueError, match="in two ways"):
        register(type(kind_of(RESET))(**{**_fields(RESET), "words": "something else"}))


def _fields(id: str) -> dict[str, Any]:
    kind = kind_of(id)
    return {name: getattr(kind, name) for name in kind.__slots__}


@pytest.mark.parametrize("template", NOTICES)
def test_every_notice_says_what_happened_and_from_where(person: User, template: str) -> None:
    queue_notice(
        template, user_id=person.pk, visitor="203.0.113.9", browser="Browser 7", now=timezone.now()
    )
    mailbox = Mailbox()

    send_next(ACCOUNT, mailer=mailbox, clock=database_now)

    (letter,) = mailbox.letters
    assert letter.to == (person.email,)
    assert letter.subject.startswith("[sandbox: no real money] ")
    assert "From: 203.0.113.9\nBrowser: Browser 7" in letter.text


def test_where_it_came_from_is_forgotten_once_it_has_left(person: User) -> None:
    mail = notice_to(person)
    told = dict(mail.facts)

    send_next(ACCOUNT, mailer=Mailbox(MailRefused("busy", is_final=False)), clock=database_now)
    mail.refresh_from_db()
    kept = mail.facts
    OutgoingMail.objects.update(next_attempt_at=mail.queued_at)
    send_next(ACCOUNT, mailer=Mailbox(), clock=database_now)

    mail.refresh_from_db()
    assert told["ip"] == "203.0.113.9"
    assert (kept, mail.facts, mail.state) == (told, {}, "sent")


def test_the_database_keeps_no_facts_of_what_has_left(person: User) -> None:
    mail = notice_to(person)

    with pytest.raises(IntegrityError, match="outgoing_mail_forgets"), transaction.atomic():
        claimed(ACCOUNT).move_fenced(MailState.SENT, next_attempt_at=None, sent_at=mail.queued_at)


def claimed(outbox: OutgoingMails) -> OutgoingMail:
    (mail,) = claim_due(
        OutgoingMail,
        states=["queued"],
        to="sending",
        now=database_now(),
        lease=LEASE,
        limit=1,
        only=outbox.only,
    )
    return mail


def test_a_lane_waits_for_no_other(person: User) -> None:
    for _ in range(3):
        notice_to(person)
    reset_for(person)
    mailbox = Mailbox()

    tried = send_due(LANES, mailer=mailbox, clock=database_now, nudged_by="team_mail.queued")

    subjects = [letter.subject.partition("] ")[2] for letter in mailbox.letters]
    assert tried == 4
    assert subjects.index("Choose a new password for Trinity") == 0
    assert send_next(ACCESS, mailer=mailbox, clock=database_now) is None


def test_what_nobody_took_is_tried_again_with_another_link(person: User) -> None:
    mail = reset_for(person)
    mailbox = Mailbox(MailRefused("SMTPConnectError 421", is_final=False))

    first = send_next(ACCESS, mailer=mailbox, clock=database_now)
    mail.refresh_from_db()
    waits = mail.next_attempt_at
    OutgoingMail.objects.update(next_attempt_at=mail.queued_at)
    second = send_next(ACCESS, mailer=mailbox, clock=database_now)

    assert (first, second) == (MailState.QUEUED, MailState.SENT)
    assert waits is not None
    assert waits - mail.queued_at >= MAIL_RETRIES.after(1)
    assert len({letter.text for letter in mailbox.letters}) == 2


def test_after_two_hours_a_link_is_not_sent_any_more(person: User) -> None:
    mail = reset_for(person)
    mailbox = Mailbox()

    state = send_next(
        ACCESS, mailer=mailbox, clock=lambda: database_now() + timedelta(hours=2, minutes=1)
    )

    mail.refresh_from_db()
    assert (state, mailbox.letters) == (MailState.OVERTAKEN, [])
    assert (mail.state, mail.user_id, mail.to_address) == ("overtaken", person.pk, "")


def test_a_sender_that_died_with_the_letter_in_hand_leaves_it_to_a_person(person: User) -> None:
    mail = reset_for(person)

    class Dies(Mailbox):
        def send(self, letter: Letter) -> None:  # noqa: ARG002  # the port names it
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_next(ACCESS, mailer=Dies(), clock=database_now)
    give_up_lost(ACCESS, now=database_now() + LEASE + timedelta(seconds=1))

    mail.refresh_from_db()
    assert (mail.state, mail.error_class, mail.user_id) == ("unknown", "SenderLost", person.pk)


def failed(person: User, error: Exception) -> OutgoingMail:
    mail = notice_to(person)
    send_next(ACCOUNT, mailer=Mailbox(error), clock=database_now)
    mail.refresh_from_db()
    return mail


def test_what_was_given_up_is_on_the_persons_page_and_an_owner_sends_it_again(
    person: User, owner: User
) -> None:
    mail = failed(person, MailRefused("SMTPDataError 550", is_final=True))
    fresh = client_of(owner, is_fresh=True)
    address = f"/console/people/{person.pk}/mails/{mail.reference}/resend/"

    listed = fresh.get("/console/people/").content.decode()
    page = fresh.get(f"/console/people/{person.pk}/").content.decode()
    answers = [fresh.post(address, follow=True).content.decode() for _ in range(2)]
    mailbox = Mailbox()
    send_next(ACCOUNT, mailer=mailbox, clock=database_now)

    assert listed.count("e-mail unsent") == 1
    assert "A changed password" in page
    assert "SMTPDataError 550" in page
    assert address in page
    assert "Queued again" in answers[0]
    assert "Nothing was done" in answers[1]
    assert [letter.to for letter in mailbox.letters] == [(person.email,)]
    assert "e-mail unsent" not in fresh.get("/console/people/").content.decode()
    entry = LedgerEntry.objects.get(event="team_mail.sent_again")
    assert (entry.subject, entry.facts["actor"]) == (mail.reference, f"user:{owner.pk}")


def test_what_may_have_arrived_is_sent_again_by_a_person_alone(person: User) -> None:
    mail = failed(person, MailUnknown("SMTPServerDisconnected"))

    tried = send_next(ACCOUNT, mailer=Mailbox(), clock=database_now)

    assert (mail.state, tried) == ("unknown", None)


def test_a_mail_of_somebody_else_is_not_found_on_a_persons_page(person: User, owner: User) -> None:
    mail = failed(person, MailRefused("SMTPDataError 550", is_final=True))
    fresh = client_of(owner, is_fresh=True)

    answer = fresh.post(f"/console/people/{owner.pk}/mails/{mail.reference}/resend/")

    assert answer.status_code == 404


@pytest.fixture
def redis_down() -> Iterator[None]:
    """No limit can be counted, and the worker hears of nothing: nobody listens at the address."""
    nudges._coalesced.cache_clear()  # else a thread that knows the broker would reach it
    make_current(app_on(DEAD_REDIS["default"]["LOCATION"]))
    with override_settings(CACHES=DEAD_REDIS):
        yield
    make_current(project_app)
    nudges._coalesced.cache_clear()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("redis_down")
def test_what_a_nudge_lost_the_sweep_sends(owner: User, caplog: pytest.LogCaptureFixture) -> None:
    """With Redis down the page answers as ever, and the mail leaves with the next sweep."""
    invited = {"email": "grace@example.com", "first_name": "G", "last_name": "H", "role": "auditor"}
    mailbox = Mailbox()

    with caplog.at_level(logging.WARNING, logger="kernel.nudges"):
        answer = client_of(owner, is_fresh=True).post("/console/people/invite/", invited)
        wait_until(lambda: bool(lost_nudges(caplog)))
    swept = send_due(LANES, mailer=mailbox, clock=database_now, nudged_by=QUEUED)

    assert (answer.status_code, lost_nudges(caplog)) == (302, [QUEUED])
    assert (swept, [letter.to for letter in mailbox.letters]) == (1, [("grace@example.com",)])


def lost_nudges(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the topics of what a thread of ours could not say."""
    said = [each for each in caplog.records if each.getMessage() == "nudge lost, pausing"]
    return [vars(each)["topic"] for each in said]
