"""Sending: at most once by itself, again only where nothing left, never inside a transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from kernel.leases import claim_due
from notices.adapters.mailer import DjangoMailer
from notices.models import OperatorAlert
from notices.outbox.sending import LEASE, MAIL_RETRIES, give_up_lost, send_next
from notices.ports import Letter, MailRefused, MailUnknown
from revenue.enums import AlertKind, LinkPurpose, MailKind, MailState
from revenue.exchanges.mails import BUYER_MAILS
from revenue.models import BuyerMail, OrderLink
from tests.factories.orders import BuyerMailFactory, OrderFactory, refund_of
from tests.factories.revenue import NOON
from tests.revenue.conftest import Clock
from tests.revenue.mail.conftest import StartServer

pytestmark = pytest.mark.django_db

WAYS_TO_PLAN = ("hashjoin", "hashagg", "mergejoin", "sort", "material", "indexscan", "bitmapscan")


class ScriptedMailer:
    """A mailer that ends as told, and sees what the database looks like while it works."""

    def __init__(self, *ends: Exception | None) -> None:
        self.ends, self.letters = list(ends), []
        self.links_seen: list[int] = []

    def send(self, letter: Letter) -> None:
        self.letters.append(letter)
        self.links_seen.append(OrderLink.objects.count())
        if self.ends and (end := self.ends.pop(0)) is not None:
            raise end

    def read_back(self, **_: Any) -> None:
        return None


def claimed(now: Any = NOON) -> BuyerMail:
    (mail,) = claim_due(BuyerMail, states=["queued"], to="sending", now=now, lease=LEASE, limit=1)
    return mail


def test_no_more_is_claimed_than_asked_for_under_any_plan() -> None:
    """Without sorting, hashing and indexes a subquery would be run again for each row."""
    for _ in range(3):
        BuyerMailFactory()

    with transaction.atomic(), connection.cursor() as cursor:
        for way in WAYS_TO_PLAN:
            cursor.execute(f"SET LOCAL enable_{way} = off")
        claimed()

    assert BuyerMail.objects.filter(state=MailState.SENDING).count() == 1


def test_a_mail_is_sent_once(clock: Clock) -> None:
    mail = BuyerMailFactory()
    mailer = ScriptedMailer()

    outcomes = [send_next(BUYER_MAILS, mailer=mailer, clock=clock) for _ in range(3)]

    mail.refresh_from_db()
    assert outcomes == [MailState.SENT, None, None]
    assert (mail.state, mail.sent_at, mail.next_attempt_at) == ("sent", NOON, None)
    assert [mail.message_id] == [letter.message_id for letter in mailer.letters]
    assert OperatorAlert.objects.count() == 0
    assert OrderLink.objects.get().made_for == mail.kind


def test_a_link_can_say_every_mail_that_it_is_made_for() -> None:
    assert set(MailKind.values) <= set(LinkPurpose.values)


@pytest.mark.django_db(transaction=True)
def test_the_letter_leaves_outside_of_any_transaction_after_its_link_is_committed(
    clock: Clock,
) -> None:
    BuyerMailFactory()
    seen = []

    class Looking(ScriptedMailer):
        def send(self, letter: Letter) -> None:  # noqa: ARG002  # the port names it
            seen.append((connection.in_atomic_block, OrderLink.objects.count()))

    send_next(BUYER_MAILS, mailer=Looking(), clock=clock)

    assert seen == [(False, 1)]


def test_what_nobody_took_is_tried_again_later_with_a_new_link(clock: Clock) -> None:
    mail = BuyerMailFactory()
    mailer = ScriptedMailer(MailRefused("ConnectionRefusedError", is_final=False))

    first = send_next(BUYER_MAILS, mailer=mailer, clock=clock)
    mail.refresh_from_db()
    links_after_refusal = OrderLink.objects.count()
    too_early = send_next(BUYER_MAILS, mailer=mailer, clock=clock)
    clock.at = mail.next_attempt_at
    second = send_next(BUYER_MAILS, mailer=mailer, clock=clock)

    assert (first, too_early, second) == (MailState.QUEUED, None, MailState.SENT)
    assert (mail.error_class, mail.next_attempt_at) == (
        "ConnectionRefusedError",
        NOON + MAIL_RETRIES.after(1),
    )
    assert (links_after_refusal, OrderLink.objects.count()) == (0, 1)
    assert len({letter.message_id for letter in mailer.letters}) == 2
    mail.refresh_from_db()
    assert (mail.error_class, mail.attempts) == ("", 2)


def test_after_the_last_try_a_person_is_told(clock: Clock) -> None:
    mail = BuyerMailFactory(attempts=MAIL_RETRIES.attempts_max - 1)

    outcome = send_next(
        BUYER_MAILS,
        mailer=ScriptedMailer(MailRefused("SMTPConnectError 421", is_final=False)),
        clock=clock,
    )

    mail.refresh_from_db()
    alert = OperatorAlert.objects.get()
    assert (outcome, mail.state, mail.next_attempt_at) == (MailState.FAILED, "failed", None)
    assert (alert.kind, alert.subject) == (AlertKind.MAIL_UNSENT, mail.reference)
    assert alert.facts == {"state": "failed", "kind": "paid"}


def test_a_refusal_for_good_is_not_tried_again(clock: Clock) -> None:
    mail = BuyerMailFactory()

    outcome = send_next(
        BUYER_MAILS,
        mailer=ScriptedMailer(MailRefused("SMTPRecipientsRefused 550", is_final=True)),
        clock=clock,
    )

    mail.refresh_from_db()
    assert (outcome, mail.attempts) == (MailState.FAILED, 1)
    assert mail.error_class == "SMTPRecipientsRefused 550"


def test_an_unknown_send_waits_for_a_person_and_keeps_its_link(clock: Clock) -> None:
    mail = BuyerMailFactory()
    mailer = ScriptedMailer(MailUnknown("SMTPServerDisconnected"))

    outcomes = [send_next(BUYER_MAILS, mailer=mailer, clock=clock)]
    clock.forward(days=3)
    outcomes += [send_next(BUYER_MAILS, mailer=mailer, clock=clock)]

    mail.refresh_from_db()
    assert outcomes == [MailState.UNKNOWN, None]
    assert (mail.state, len(mailer.letters)) == ("unknown", 1)
    assert OrderLink.objects.filter(revoked_at=None).count() == 1
    assert OperatorAlert.objects.get().facts["state"] == "unknown"


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ({}, "sent"),
        ({"recipient": "450 later"}, "queued"),
        ({"recipient": "550 no"}, "failed"),
        ({"body": ""}, "unknown"),
        ({"body": "silence"}, "unknown"),
    ],
)
def test_a_real_server_decides_where_a_mail_stands(
    clock: Clock, mail_server: StartServer, answers: dict[str, str], state: str
) -> None:
    mail = BuyerMailFactory()
    mail_server(**answers)

    send_next(BUYER_MAILS, mailer=DjangoMailer(), clock=clock)

    mail.refresh_from_db()
    assert mail.state == state


def test_a_letter_that_cannot_be_written_waits_for_better_code(clock: Clock) -> None:
    mail = BuyerMailFactory(kind="no_such_kind")
    mailer = ScriptedMailer()

    outcome = send_next(BUYER_MAILS, mailer=mailer, clock=clock)

    mail.refresh_from_db()
    assert (outcome, mail.error_class) == (MailState.QUEUED, "TemplateDoesNotExist")
    assert mail.next_attempt_at == NOON + MAIL_RETRIES.after(1)
    assert (mailer.letters, OrderLink.objects.count()) == ([], 0)


def test_a_mail_whose_sender_died_with_the_letter_in_hand_is_unknown(clock: Clock) -> None:
    mail = BuyerMailFactory()

    class Dies(ScriptedMailer):
        def send(self, letter: Letter) -> None:  # noqa: ARG002  # the port names it
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_next(BUYER_MAILS, mailer=Dies(), clock=clock)
    early = give_up_lost(BUYER_MAILS, now=clock())
    clock.forward(minutes=6)
    late = give_up_lost(BUYER_MAILS, now=clock())

    mail.refresh_from_db()
    assert (early, late) == (0, 1)
    assert (mail.state, mail.error_class) == ("unknown", "SenderLost")
    assert OperatorAlert.objects.get().subject == mail.reference


def test_a_mail_whose_sender_died_before_the_letter_was_ready_is_sent(clock: Clock) -> None:
    mail = BuyerMailFactory()
    claimed()
    clock.forward(minutes=6)

    give_up_lost(BUYER_MAILS, now=clock())
    outcome = send_next(BUYER_MAILS, mailer=ScriptedMailer(), clock=clock)

    mail.refresh_from_db()
    assert (outcome, mail.state) == (MailState.SENT, "sent")


def test_a_mail_that_kills_every_sender_is_given_up(clock: Clock) -> None:
    mail = BuyerMailFactory(attempts=MAIL_RETRIES.attempts_max - 1)
    claimed()
    clock.forward(minutes=6)

    give_up_lost(BUYER_MAILS, now=clock())

    mail.refresh_from_db()
    assert (mail.state, mail.error_class) == ("failed", "SenderLost")


def test_a_late_sender_writes_nothing(clock: Clock) -> None:
    """Its lease ran out while the server was silent; the mail was given up meanwhile."""
    mail = BuyerMailFactory()

    class Slow(ScriptedMailer):
        def send(self, letter: Letter) -> None:  # noqa: ARG002  # the port names it
            clock.at += LEASE + timedelta(seconds=1)
            give_up_lost(BUYER_MAILS, now=clock())

    outcome = send_next(BUYER_MAILS, mailer=Slow(), clock=clock)

    mail.refresh_from_db()
    assert (outcome, mail.state, mail.sent_at) == (MailState.UNKNOWN, "unknown", None)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (MailKind.BANK_PROCESSING, "paid"),
        (MailKind.BANK_PROCESSING, "failed"),
        (MailKind.PAYMENT_FAILED, "paid"),
    ],
)
def test_a_mail_that_is_no_longer_true_is_not_sent(
    clock: Clock, kind: MailKind, state: str
) -> None:
    mail = BuyerMailFactory(order=OrderFactory(state=state), kind=kind)
    mailer = ScriptedMailer()

    outcome = send_next(BUYER_MAILS, mailer=mailer, clock=clock)

    mail.refresh_from_db()
    assert (outcome, mail.state, mailer.letters) == (MailState.OVERTAKEN, "overtaken", [])
    assert OperatorAlert.objects.count() == 0


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("succeeded", MailState.SENT), ("failed", MailState.OVERTAKEN)],
)
def test_a_refund_that_failed_meanwhile_is_not_announced(
    clock: Clock, status: str, outcome: MailState
) -> None:
    order = OrderFactory()
    refund_of(order, status=status)
    BuyerMailFactory(order=order, kind=MailKind.REFUND_BOOKED, dedupe_key="re_1", amount_minor=40)

    assert send_next(BUYER_MAILS, mailer=ScriptedMailer(), clock=clock) == outcome


def test_twelve_tries_span_ten_hours() -> None:
    pauses = [MAIL_RETRIES.after(attempts) for attempts in range(1, MAIL_RETRIES.attempts_max)]

    assert pauses[0] == timedelta(seconds=30)
    assert max(pauses) == timedelta(hours=3)
    assert timedelta(hours=10) < sum(pauses, timedelta()) < timedelta(hours=11)
