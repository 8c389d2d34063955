"""What a person chose to hear: its page, its entry, and when they are told."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from approvals.mails import REMINDER, WAITING
from ledger.models import LedgerEntry
from notices.enums import MailState
from notices.ledger_rows import CHOICES
from notices.models import NoticePreference, OutgoingMail
from notices.operations import tell
from notices.policy import Listener, whom_to_tell
from notices.queries import clock_of, principals_of
from notices.queries.preferences import mutable_kinds
from tests.conftest import NOON
from tests.factories.people import client_of, make_person
from tests.notices.letters import letter_of
from tests.owner import rewriting

pytestmark = pytest.mark.django_db
PAGE = "/console/notices/"
BERLIN = "Europe/Berlin"
ALL = {"hears": [kind for kind, _ in mutable_kinds()], "time_zone": "UTC"}


@pytest.fixture
def me() -> User:
    return make_person("operator")


@pytest.fixture
def deputy() -> User:
    return make_person("auditor")


def choose(person: User, **said: Any) -> Any:
    return client_of(person).post(PAGE, {**ALL, **said})


def night(**how: Any) -> Listener:
    return Listener(user_id=1, quiet_from=time(22), quiet_until=time(7), **how)


@pytest.mark.parametrize(
    ("now", "wakes"),
    [
        ("2026-12-01 20:59", "2026-12-01 20:59"),
        ("2026-12-01 21:00", "2026-12-02 06:00"),
        ("2026-12-02 05:59", "2026-12-02 06:00"),
        ("2026-12-02 06:00", "2026-12-02 06:00"),
        ("2026-07-01 20:00", "2026-07-02 05:00"),  # an hour earlier by the clock of summer
    ],
)
def test_quiet_hours_go_by_the_persons_own_clock(now: str, wakes: str) -> None:
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert night(time_zone=BERLIN).wakes_at(at(now)) == at(wakes)


def test_a_time_zone_that_this_machine_does_not_know_counts_as_utc() -> None:
    assert night(time_zone="Mars/Base").wakes_at(NOON) == NOON


def test_time_zones_are_known_on_a_machine_that_has_none() -> None:
    zoneinfo.reset_tzpath(to=())
    try:
        assert str(zoneinfo.ZoneInfo.no_cache(BERLIN)) == BERLIN
    finally:
        zoneinfo.reset_tzpath()


def test_quiet_hours_hold_back_what_can_wait_and_nothing_else() -> None:
    midnight = datetime(2026, 12, 1, tzinfo=UTC)

    told = [
        whom_to_tell([night()], kind=WAITING, now=midnight, can_wait=can_wait)
        for can_wait in (True, False)
    ]

    assert told == [{1: midnight + timedelta(hours=7)}, {1: midnight}]


def test_what_everybody_muted_is_told_to_all() -> None:
    muted = [Listener(user_id=n, muted=frozenset({WAITING})) for n in (1, 2)]
    hears = Listener(user_id=3)

    def told(*people: Listener) -> set[int]:
        return set(whom_to_tell(people, kind=WAITING, now=NOON, can_wait=False))

    assert (told(*muted), told(*muted, hears), told()) == ({1, 2}, {3}, set())


def test_what_i_choose_is_kept_and_shown_again(me: User, deputy: User) -> None:
    said = choose(
        me,
        hears=[WAITING],
        time_zone=BERLIN,
        quiet_from="22:00",
        quiet_until="07:00",
        deputy=deputy.pk,
        deputy_from="2026-12-24",
        deputy_until="2026-12-26",
    )

    assert (said.status_code, said["Location"]) == (302, PAGE)
    kept = NoticePreference.objects.get()
    unheard = sorted(kind for kind, _ in mutable_kinds() if kind != WAITING)
    assert (kept.user, kept.muted, kept.deputy) == (me, unheard, deputy)
    assert REMINDER in unheard
    assert kept.deputy_from == datetime(2026, 12, 23, 23, tzinfo=UTC)
    assert kept.deputy_until == datetime(2026, 12, 26, 23, tzinfo=UTC)
    shown = client_of(me).get(PAGE).context["form"].initial
    assert (shown["hears"], shown["time_zone"]) == ([WAITING], BERLIN)
    days = [shown[name].isoformat() for name in ("deputy_from", "deputy_until")]
    assert days == ["2026-12-24", "2026-12-26"]


def test_who_is_named_as_deputy_is_told_once_and_not_after_it_was_taken_back(
    me: User, deputy: User
) -> None:
    away = {"deputy": deputy.pk, "deputy_from": "2099-12-24", "deputy_until": "2099-12-26"}
    choose(me, **away)
    choose(me, **away, quiet_from="22:00", quiet_until="07:00")  # of the deputy nothing is new

    mail = OutgoingMail.objects.get()
    assert (mail.kind, mail.user_id, mail.facts) == ("notices.deputy", deputy.pk, {"for": me.pk})
    letter = letter_of(mail)
    assert letter is not None
    assert letter.to == (deputy.email,)
    assert "24 Dec 2099, 00:00 UTC" in letter.text

    choose(me)
    assert letter_of(mail) is None


def test_who_chose_nothing_hears_of_everything(me: User) -> None:
    shown = client_of(me).get(PAGE).context["form"].initial

    assert (shown["hears"], shown["time_zone"]) == (ALL["hears"], "UTC")
    assert not NoticePreference.objects.exists()


@pytest.mark.parametrize(
    ("half", "field"),
    [
        ({"quiet_from": "22:00"}, "quiet_until"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "quiet_until"),
        ({"quiet_from": "noon", "quiet_until": "13:00"}, "quiet_from"),
        ({"deputy_from": "2026-12-24", "deputy_until": "2026-12-26"}, "deputy"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"hears": ["account.password_changed"]}, "hears"),
    ],
)
def test_half_a_choice_is_refused(me: User, half: dict[str, Any], field: str) -> None:
    said = choose(me, **half)

    assert said.status_code == 400
    assert field in said.context["form"].errors
    assert not NoticePreference.objects.exists()


def test_days_in_the_wrong_order_and_oneself_as_deputy_are_refused(me: User, deputy: User) -> None:
    days = {"deputy_from": "2026-12-26", "deputy_until": "2026-12-24"}

    assert "deputy_until" in choose(me, deputy=deputy.pk, **days).context["form"].errors
    assert "deputy" in choose(me, deputy=me.pk, **days).context["form"].errors


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"quiet_from": time(22)}, "notice_quiet_hours_begin_and_end"),
        ({"deputy_from": NOON}, "notice_deputy_stands_in_for_a_time"),
    ],
)
def test_the_database_keeps_no_half_of_a_choice(
    me: User, columns: dict[str, Any], name: str
) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        NoticePreference.objects.create(user=me, changed_at=NOON, **columns)


def test_nobody_stands_in_for_themselves_in_the_database_either(me: User) -> None:
    times = {"deputy_from": NOON, "deputy_until": NOON + timedelta(days=1)}

    with pytest.raises(IntegrityError, match="somebody_else"), transaction.atomic():
        NoticePreference.objects.create(user=me, deputy=me, changed_at=NOON, **times)


def found() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(CHOICES)
        return [(code, what) for code, what, _says in cursor.fetchall()]


def test_a_choice_and_its_newest_entry_say_the_same(me: User, deputy: User) -> None:
    days = {"deputy": deputy.pk, "deputy_from": "2026-12-24", "deputy_until": "2026-12-26"}
    choose(me, **days)
    choose(me, hears=[], **days)

    entries = LedgerEntry.objects.filter(event="notices.changed")
    assert [entry.facts["muted"] for entry in entries.order_by("id")] == [0, len(ALL["hears"])]
    assert found() == []
    for column, value in (("muted", []), ("deputy_until", NOON + timedelta(days=99))):
        kept = getattr(NoticePreference.objects.get(), column)
        NoticePreference.objects.update(**{column: value})
        assert [code for code, _what in found()] == ["entry_differs_from_row"]
        NoticePreference.objects.update(**{column: kept})
    with rewriting(NoticePreference):
        NoticePreference.objects.all().delete()
        assert [code for code, _what in found()] == ["entry_without_row"]
        NoticePreference.objects.create(user=deputy, changed_at=NOON)
        assert {code for code, _what in found()} == {"entry_without_row", "row_without_entry"}


def test_a_deputy_is_told_beside_the_person_for_as_long_as_that_lasts(
    me: User, deputy: User
) -> None:
    choose(me, deputy=deputy.pk, deputy_from="2026-12-24", deputy_until="2026-12-26")

    for day, told in ((23, {me}), (24, {me, deputy}), (26, {me, deputy}), (27, {me})):
        OutgoingMail.objects.all().delete()
        now = datetime(2026, 12, day, 12, tzinfo=UTC)
        assert tell(WAITING, user_ids=[me.pk], now=now) == len(told)
        assert {mail.user for mail in OutgoingMail.objects.all()} == told
        assert principals_of(deputy.pk, now=now) == ([me.pk] if deputy in told else [])


def test_what_begins_to_wait_within_a_minute_is_one_more_mail(me: User) -> None:
    def told(after_s: int) -> list[datetime]:
        tell(WAITING, user_ids=[me.pk], now=NOON + timedelta(seconds=after_s))
        return list(OutgoingMail.objects.order_by("pk").values_list("next_attempt_at", flat=True))

    assert told(0) == [NOON]
    assert told(1) == [NOON]  # it has not left: it will say both
    OutgoingMail.objects.get().move(MailState.SENDING)
    OutgoingMail.objects.get().move(MailState.SENT, next_attempt_at=None, sent_at=NOON)
    in_a_minute = NOON + timedelta(minutes=1)
    assert told(20) == told(40) == [None, in_a_minute]
    later = OutgoingMail.objects.latest("pk")
    later.move(MailState.SENDING)
    later.move(MailState.SENT, next_attempt_at=None, sent_at=in_a_minute)
    assert told(900) == [None, None, NOON + timedelta(seconds=900)]


def test_a_reminder_that_waits_for_the_morning_is_brought_forward_by_one_that_cannot(
    me: User,
) -> None:
    choose(me, quiet_from="11:00", quiet_until="13:00")

    def due() -> datetime | None:
        return OutgoingMail.objects.get().next_attempt_at

    tell(REMINDER, user_ids=[me.pk], now=NOON, can_wait=True)
    assert due() == NOON + timedelta(hours=1)
    tell(REMINDER, user_ids=[me.pk], now=NOON)
    assert due() == NOON


def test_times_are_said_by_the_clock_of_whoever_named_one(me: User) -> None:
    assert clock_of(me.pk).says(NOON) == ""
    choose(me, time_zone="America/New_York")

    assert clock_of(me.pk).says(datetime(2026, 12, 1, 12, tzinfo=UTC)) == (
        "1 Dec 2026, 07:00 in America/New York"
    )
