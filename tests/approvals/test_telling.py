"""Whoever may decide is told: at once, at half time, and never in an agent's words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from django.contrib.auth.models import User

from approvals.mails import REMINDER, WAITING
from approvals.models import ApprovalRequest, Decision
from approvals.usecases.decide import refuse
from approvals.usecases.expire_due import expire_due
from approvals.usecases.tell_people import tell_people
from kernel import due_work
from notices.enums import Lane, MailState
from notices.exchanges.mails import OutgoingMails
from notices.models import NoticePreference, OutgoingMail
from notices.outbox.sending import send_next
from notices.ports import Letter
from tests.approvals.asking import DAY, Boxes, ask, boxes
from tests.factories.people import make_person
from tests.notices.test_team_mails import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)
NIGHT = datetime(2026, 12, 1, 23, tzinfo=UTC)
HALF = DAY / 2


@pytest.fixture
def kind() -> Iterator[Boxes]:
    with boxes() as kind:
        yield kind


@pytest.fixture
def owner() -> User:
    return make_person("owner")


@pytest.fixture
def operator() -> User:
    return make_person("operator")


def told(kind: str = WAITING) -> set[int | None]:
    return {mail.user_id for mail in OutgoingMail.objects.filter(kind=kind)}


def letters(now: datetime) -> list[Letter]:
    """Let what is due leave; return it."""
    mailbox = Mailbox()
    while send_next(OutgoingMails(Lane.DECISIONS), mailer=mailbox, clock=lambda: now) is not None:
        pass
    return mailbox.letters


def prefers(person: User, **columns: object) -> None:
    NoticePreference.objects.create(user=person, changed_at=NIGHT, **columns)


def no_today(request: ApprovalRequest, by: User, *, now: datetime) -> None:
    refuse(
        request.reference,
        person=by,
        shown_digest=request.shown_digest,
        reason="",
        tells_the_agent=False,
        now=now,
    )


def test_whoever_may_decide_is_told_once_and_nobody_else(
    kind: Boxes, owner: User, operator: User, now: datetime
) -> None:
    make_person("auditor")
    ask(now=now)

    assert (tell_people(now=now), tell_people(now=now)) == (1, 0)
    assert told() == {owner.pk}
    ask(now=now, rule="outbound")
    tell_people(now=now)
    assert told() == {owner.pk, operator.pk}


def test_the_mail_names_kind_amount_mode_deadline_and_link_and_no_word_of_the_agent(
    kind: Boxes, owner: User
) -> None:
    prefers(owner, time_zone="Europe/Berlin")
    request = ask(now=NIGHT)
    tell_people(now=NIGHT)

    (letter,) = letters(NIGHT)

    assert letter.to == (owner.email,)
    assert letter.subject == "[sandbox: no real money] A run asks to open a box, $49.00 USD"
    for words in (
        "Amount: $49.00 USD",
        "Environment: sandbox",
        "Decide by: 2 Dec 2026, 23:00 UTC",
        "Your time: 3 Dec 2026, 00:00 in Europe/Berlin",
        f"/console/approvals/{request.reference}/",
    ):
        assert words in letter.text
    for word in ("crunchline", "Head-count", "It sells them", "K7F3"):
        assert word not in letter.text + letter.html + letter.subject


def test_what_waits_when_the_mail_leaves_stands_in_it(kind: Boxes, owner: User) -> None:
    later, sooner = ask(now=NIGHT), ask(now=NIGHT - timedelta(hours=1))
    decided = ask(now=NIGHT)
    tell_people(now=NIGHT)
    no_today(decided, owner, now=NIGHT)

    (letter,) = letters(NIGHT)

    assert letter.subject == "[sandbox: no real money] 2 requests wait for a decision"
    assert 0 < letter.text.index(sooner.reference) < letter.text.index(later.reference)
    assert decided.reference not in letter.text


def test_a_mail_about_what_was_decided_meanwhile_does_not_leave(kind: Boxes, owner: User) -> None:
    request = ask(now=NIGHT)
    tell_people(now=NIGHT)
    no_today(request, owner, now=NIGHT)

    assert letters(NIGHT) == []
    assert OutgoingMail.objects.get().state == MailState.OVERTAKEN


def test_at_half_time_there_is_one_reminder_to_who_has_not_answered(
    kind: Boxes, owner: User
) -> None:
    request, other = ask(now=NIGHT, rule="two"), make_person("operator")
    tell_people(now=NIGHT)
    Decision.objects.create(
        reference="dec_1",
        request=request,
        person=owner,
        verdict="refuse",
        as_owner=True,
        fingerprint=request.fingerprint,
        shown_digest=request.shown_digest,
        decided_at=NIGHT,
    )

    assert tell_people(now=NIGHT + HALF - timedelta(seconds=1)) == 0
    assert [tell_people(now=NIGHT + HALF) for _ in range(2)] == [1, 0]
    assert told(REMINDER) == {other.pk}
    *_, letter = letters(NIGHT + HALF)
    assert letter.subject.endswith(" Reminder: A run asks to open a box, $49.00 USD")


def test_quiet_hours_hold_back_a_reminder_and_never_what_is_new(kind: Boxes, owner: User) -> None:
    prefers(owner, quiet_from=time(22), quiet_until=time(12))
    ask(now=NIGHT)
    tell_people(now=NIGHT)
    tell_people(now=NIGHT + HALF)

    due = {mail.kind: mail.next_attempt_at for mail in OutgoingMail.objects.all()}
    assert due == {WAITING: NIGHT, REMINDER: datetime(2026, 12, 2, 12, tzinfo=UTC)}


def test_the_only_notice_to_the_only_person_is_never_held_back(kind: Boxes, owner: User) -> None:
    prefers(owner, muted=[WAITING, REMINDER], quiet_from=time(22), quiet_until=time(12))
    left = make_person("owner")
    ask(now=NIGHT)
    tell_people(now=NIGHT)
    assert told() == {left.pk}
    left.groups.clear()

    tell_people(now=NIGHT + HALF)

    assert told(REMINDER) == {owner.pk}
    assert OutgoingMail.objects.get(kind=REMINDER).next_attempt_at == NIGHT + HALF


def test_a_deputy_reads_for_whom_it_waits_and_decides_by_their_own_role(
    kind: Boxes, owner: User, operator: User
) -> None:
    prefers(owner, deputy=operator, deputy_from=NIGHT, deputy_until=NIGHT + DAY)
    spend, outbound = ask(now=NIGHT), ask(now=NIGHT, rule="outbound")
    tell_people(now=NIGHT)

    written = {letter.to[0]: letter.text for letter in letters(NIGHT)}

    assert set(written) == {owner.email, operator.email}
    text = written[operator.email]
    assert spend.reference in text
    assert outbound.reference in text
    assert text.count(f"Waits for: {owner.email}") == 1
    assert "You can decide only what your own role allows." in " ".join(text.split())
    assert "Waits for" not in written[owner.email]


def test_nobody_is_told_of_what_is_over_or_of_samples(kind: Boxes, owner: User) -> None:
    ask(now=NIGHT - DAY)

    assert tell_people(now=NIGHT) == 0
    expire_due(now=NIGHT)
    assert told() == set()


def test_a_request_that_nobody_was_told_of_is_late_work(kind: Boxes, owner: User) -> None:
    ask(now=NIGHT)
    later = NIGHT + timedelta(minutes=3)

    assert due_work.late(later) == {"approvals.untold": 180.0}
    tell_people(now=later)
    assert due_work.late(later) == {}
