"""A mail about alerts is a row of the outbox, written when it leaves, told twice before never."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import F

from kernel import due_work
from kernel.erasure import Person
from kernel.liveness import database_now
from notices import kinds
from notices.enums import Lane, MailState, ToldAs
from notices.erasure import ERASER
from notices.exchanges.alerts import send_alerts
from notices.exchanges.mails import LANES
from notices.kinds import Kind
from notices.models import OperatorAlert, OutgoingMail
from notices.outbox.draining import send_due
from notices.outbox.sending import LEASE, MAIL_RETRIES
from notices.ports import Letter, MailRefused
from notices.usecases.tend_alert import dismiss_alert, undo_dismissal
from tests.conftest import NOON
from tests.factories.orders import AlertFactory
from tests.factories.people import client_of, make_person
from tests.revenue.conftest import Clock
from tests.revenue.mail.test_alerts import Mailbox
from trinity.people.mails import queue_reset

pytestmark = pytest.mark.django_db

DOWN = MailRefused("ConnectionRefusedError", is_final=False)


@pytest.fixture(autouse=True)
def owner() -> User:
    return make_person("owner", email="owner@trinity.example")


def hour_is_used_up(clock: Clock) -> None:
    """Five mails of their own have left within the hour: the next is its digest."""
    AlertFactory.create_batch(5, told_at=clock(), told_as=ToldAs.SINGLE)


def mails() -> list[tuple[str, str, int]]:
    rows = OutgoingMail.objects.filter(lane=Lane.ALERTS).order_by("pk")
    return [(mail.key, mail.state, mail.alerts.count()) for mail in rows]


def test_a_letter_is_one_row_of_the_outbox_however_much_it_tells(clock: Clock) -> None:
    hour_is_used_up(clock)
    first, *_others = AlertFactory.create_batch(3)
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    assert mails() == [(first.reference, "sent", 3)]
    mail = OutgoingMail.objects.get()
    assert (mail.kind, mail.sent_at, mail.user, mail.facts) == ("notices.alerts", NOON, None, {})
    assert [letter.message_id for letter in mailbox.letters] == [mail.message_id]


def test_a_grave_alert_waits_neither_behind_a_refused_letter_nor_for_its_hour(clock: Clock) -> None:
    old = AlertFactory.create_batch(6, kind="links_unpayable", facts={"links": 1})
    for _ in old:
        send_alerts(mailer=Mailbox(DOWN), clock=clock)
    AlertFactory(kind="dispute_opened", item="dp_1", subject="ord_1", raised_at=clock())
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    assert [each.subject.partition("] ")[2] for each in mailbox.letters] == [
        "A buyer disputes a payment"
    ]
    assert OperatorAlert.objects.exclude(told_at=None).get().told_as == ToldAs.SINGLE


def test_what_a_refused_digest_told_is_free_again(clock: Clock) -> None:
    hour_is_used_up(clock)
    first, *others = AlertFactory.create_batch(3)

    send_alerts(mailer=Mailbox(DOWN), clock=clock)

    assert mails() == [(first.reference, "queued", 1)]
    free = OperatorAlert.objects.filter(told_at=None, told_as="", mail=None)
    assert set(free) == set(others)


def test_a_digest_tells_what_is_put_off_too_and_what_was_given_up(clock: Clock) -> None:
    put_off, given_up = AlertFactory.create_batch(2)
    for _ in range(2):
        send_alerts(mailer=Mailbox(DOWN), clock=clock)
    lost = OutgoingMail.objects.filter(key=given_up.reference)
    lost.update(state=MailState.FAILED, next_attempt_at=None)
    hour_is_used_up(clock)
    AlertFactory()
    mailbox = Mailbox()

    send_alerts(mailer=mailbox, clock=clock)

    (digest,) = mailbox.letters
    assert "3 matters need a person" in digest.subject
    assert put_off.item in digest.text
    assert not OperatorAlert.objects.filter(told_at=None).exists()
    clock.forward(hours=2)
    assert send_alerts(mailer=mailbox, clock=clock) == 0
    assert [state for _, state, told in mails() if told] == ["sent"]


def test_a_digest_names_what_cannot_be_written_and_tells_the_others(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    wordless = Kind(
        name="wordless",
        words="a kind without its template",
        line="no/such/template",
        told_to=kinds.known()["event_dead"].told_to,
    )
    monkeypatch.setitem(kinds._known, "wordless", wordless)
    hour_is_used_up(clock)
    AlertFactory()
    AlertFactory(kind="wordless", item="that_one")
    mailbox = Mailbox()

    assert send_alerts(mailer=mailbox, clock=clock) == 1
    assert "a kind without its template" in mailbox.letters[0].text
    assert "What: that_one" in mailbox.letters[0].text


def test_a_letter_that_left_with_a_sender_who_died_leaves_again(clock: Clock) -> None:
    """Told twice rather than never; a mail to one person would wait for a person here."""
    hour_is_used_up(clock)
    AlertFactory.create_batch(2)

    class Dies(Mailbox):
        def send(self, letter: Letter) -> None:
            super().send(letter)
            raise KeyboardInterrupt

    gone, next_one = Dies(), Mailbox()
    with pytest.raises(KeyboardInterrupt):
        send_alerts(mailer=gone, clock=clock)
    clock.at += LEASE
    send_alerts(mailer=next_one, clock=clock)

    told = [letter.text for letter in (*gone.letters, *next_one.letters)]
    assert (len(told), len(set(told))) == (2, 1)
    assert [(state, number) for _, state, number in mails()] == [("sent", 2)]


def test_no_refusal_of_an_alert_is_final_before_its_last_try(clock: Clock) -> None:
    """One wrong address among those who hear of it is corrected within the hours of its tries."""
    alert = AlertFactory()
    wrong = MailRefused("NotAMailbox", is_final=True)

    send_alerts(mailer=Mailbox(wrong), clock=clock)
    first = OutgoingMail.objects.get()
    OutgoingMail.objects.update(attempts=MAIL_RETRIES.attempts_max - 1, next_attempt_at=NOON)
    send_alerts(mailer=Mailbox(wrong), clock=clock)

    assert (first.state, first.next_attempt_at) == ("queued", NOON + MAIL_RETRIES.after(1))
    assert mails() == [(alert.reference, "failed", 1)]


def test_an_alert_that_is_dismissed_before_its_next_try_leaves_the_queue(clock: Clock) -> None:
    person = make_person("operator")
    alert = AlertFactory(kind="sweep_lag", facts={"what": "revenue.events", "oldest_s": 400})
    send_alerts(mailer=Mailbox(DOWN), clock=clock)
    clock.forward(minutes=1)
    dismiss_alert(alert_ref=alert.reference, actor_id=person.pk, now=clock())

    dismissed = (send_alerts(mailer=Mailbox(), clock=clock), mails())
    undo_dismissal(alert_ref=alert.reference, actor_id=person.pk, now=clock())
    restored = send_alerts(mailer=Mailbox(), clock=clock)

    assert (dismissed, restored) == ((0, []), 1)


def test_the_alerts_page_says_why_nobody_was_mailed(clock: Clock, owner: User) -> None:
    alert = AlertFactory()
    browser = client_of(owner)

    def said() -> str:
        return browser.get(f"/console/alerts/{alert.reference}/").content.decode()

    send_alerts(mailer=Mailbox(DOWN), clock=clock)
    once = said()
    OutgoingMail.objects.update(attempts=11, next_attempt_at=NOON)
    send_alerts(mailer=Mailbox(DOWN), clock=clock)
    given_up = said()
    OutgoingMail.objects.update(state=MailState.QUEUED, next_attempt_at=NOON)
    send_alerts(mailer=Mailbox(), clock=clock)

    assert "It was tried once and is tried again: ConnectionRefusedError." in once
    assert "It was tried 12 times and was given up: ConnectionRefusedError." in given_up
    assert "It was tried" not in said()


def test_alerts_and_other_mails_to_the_team_do_not_wait_for_each_other(
    clock: Clock, owner: User
) -> None:
    AlertFactory()
    send_alerts(mailer=Mailbox(DOWN), clock=clock)
    OutgoingMail.objects.update(next_attempt_at=F("queued_at"))
    queue_reset(typed=owner.email, now=database_now())
    mailbox, alerts = Mailbox(), Mailbox()

    send_due(LANES, mailer=mailbox, clock=database_now, nudged_by="team_mail.queued")
    send_alerts(mailer=alerts, clock=clock)

    assert [each.to for each in mailbox.letters] == [("owner@trinity.example",)]
    assert "Choose a new password" in mailbox.letters[0].subject
    assert len(alerts.letters) == 1


def test_what_is_put_off_is_late_after_its_next_try_only(clock: Clock) -> None:
    AlertFactory(raised_at=NOON - timedelta(hours=1))
    send_alerts(mailer=Mailbox(DOWN), clock=clock)

    waits = due_work.waits(NOON + timedelta(seconds=40))

    assert (waits["notices.alerts"], waits["notices.team_mails"]) == (10.0, 0.0)


def test_what_is_given_up_is_not_late(clock: Clock) -> None:
    AlertFactory()
    send_alerts(mailer=Mailbox(DOWN), clock=clock)
    OutgoingMail.objects.update(state=MailState.FAILED, next_attempt_at=None)

    assert due_work.waits(NOON + timedelta(days=1))["notices.alerts"] == 0.0


def test_erasing_somebody_of_whom_no_address_is_known_takes_no_mail_away(clock: Clock) -> None:
    AlertFactory()
    send_alerts(mailer=Mailbox(), clock=clock)

    ERASER.blank(Person(email="", emails=frozenset({""}), rows={}), clock())

    assert OutgoingMail.objects.count() == 1
