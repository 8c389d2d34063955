"""Work that waits too long raises one alarm, which goes when the work is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, migrations

from console import tasks
from console.alert_kinds import SWEEP_LAG
from console.usecases.check_lag import check_lag
from fulfillment.models import OrderIntake
from fulfillment.usecases.start_run import start_run
from kernel import due_work
from kernel.due_work import LAG_MAX
from kernel.modes import Mode
from ledger.models import LedgerEntry
from notices.enums import ToldAs
from notices.models import OperatorAlert
from notices.operations import queue_mail
from revenue.enums import EventState, MailState
from revenue.models import BuyerMail, CheckoutSession, OrderLinkRequest
from tests.factories.orders import AlertFactory, BuyerMailFactory
from tests.factories.people import client_of, make_person
from tests.factories.revenue import NOON, CheckoutFactory, filed, session_object
from trinity.people.mails import RESET

pytestmark = pytest.mark.django_db
LATE = NOON + LAG_MAX + timedelta(seconds=1)


def alarms() -> list[tuple[str, bool]]:
    rows = OperatorAlert.objects.filter(kind=SWEEP_LAG).order_by("pk")
    return [(alert.subject, alert.closed_at is not None) for alert in rows]


def test_nothing_waits_in_an_empty_house() -> None:
    assert set(due_work.waits(NOON).values()) == {0.0}


def test_lag_is_how_long_the_oldest_due_row_of_each_kind_waits(
    django_assert_num_queries: object,
) -> None:
    checkout = CheckoutFactory(next_check_at=NOON - timedelta(seconds=7))
    filed("checkout.session.completed", session_object(checkout))
    BuyerMailFactory(next_attempt_at=NOON - timedelta(seconds=90))
    BuyerMailFactory(next_attempt_at=NOON - timedelta(seconds=30))
    AlertFactory(raised_at=NOON - timedelta(seconds=4))
    OrderLinkRequest.objects.create(email="a@b.example", requested_at=NOON - timedelta(seconds=2))
    queue_mail(kind=RESET, to_address="a@b.example", now=NOON - timedelta(seconds=5))

    with django_assert_num_queries(1):
        lag = due_work.waits(NOON + timedelta(seconds=10))

    assert lag == {
        "revenue.events": 10.0,
        "revenue.checkouts": 17.0,
        "revenue.payment_links": 0.0,
        "revenue.refunds": 0.0,
        "revenue.buyer_mails": 100.0,
        "notices.alerts": 14.0,
        "notices.team_mails": 15.0,
        "revenue.link_requests": 12.0,
        "revenue.checkout_answers": 0.0,
        "revenue.payment_link_answers": 0.0,
        "revenue.refund_answers": 0.0,
        "fulfillment.runs": 0.0,
        "fulfillment.lookups": 0.0,
        "ledger.unsealed": 0.0,
        "approvals.untold": 0.0,
        "approvals.undecided": 0.0,
        "toolrouter.approved_calls": 0.0,
        "toolrouter.lost_calls": 0.0,
        "toolrouter.receipts": 0.0,
        "toolrouter.overdue_purchases": 0.0,
    }


@pytest.fixture
def sold_at(process: Callable[[], object], settings: Any, tmp_path: Path) -> datetime:
    """Sell once, with all of it done but the run and the seal, and say when."""
    settings.SEAL_KEY_FILE, settings.SEALS_LOG = tmp_path / "seal.key", tmp_path / "seals.log"
    filed("checkout.session.completed", session_object(CheckoutFactory(next_check_at=None)))
    process()
    CheckoutSession.objects.update(next_check_at=None)
    BuyerMail.objects.update(state=MailState.SENT, next_attempt_at=None)
    assert not OperatorAlert.objects.exists()
    return OrderIntake.objects.get().opened_at


def test_a_paid_order_without_a_run_raises_an_alarm_until_it_has_one(sold_at: datetime) -> None:
    call_command("seal_ledger", stdout=StringIO())
    in_two_hours = sold_at + timedelta(hours=2)

    assert check_lag(mode=Mode.SANDBOX, now=sold_at + LAG_MAX) == []
    assert due_work.late(in_two_hours) == {"fulfillment.runs": 7200.0}
    assert check_lag(mode=Mode.SANDBOX, now=in_two_hours) == ["fulfillment.runs"]
    assert alarms() == [("fulfillment.runs", False)]
    start_run(order_id=OrderIntake.objects.get().order_id, now=in_two_hours)

    assert check_lag(mode=Mode.SANDBOX, now=in_two_hours) == []
    assert alarms() == [("fulfillment.runs", True)]


def test_a_ledger_that_nobody_seals_raises_an_alarm_until_it_is_sealed(sold_at: datetime) -> None:
    start_run(order_id=OrderIntake.objects.get().order_id, now=sold_at)
    written_at = LedgerEntry.objects.earliest("pk").recorded_at
    late = written_at + LAG_MAX + timedelta(seconds=1)

    assert check_lag(mode=Mode.SANDBOX, now=written_at + LAG_MAX) == []
    assert check_lag(mode=Mode.SANDBOX, now=late) == ["ledger.unsealed"]
    assert alarms() == [("ledger.unsealed", False)]
    call_command("seal_ledger", stdout=StringIO())

    assert check_lag(mode=Mode.SANDBOX, now=late) == []
    assert alarms() == [("ledger.unsealed", True)]


def test_work_that_is_settled_or_not_yet_due_does_not_wait() -> None:
    BuyerMailFactory(state=MailState.SENT, next_attempt_at=None)
    BuyerMailFactory(next_attempt_at=LATE + timedelta(hours=1))
    CheckoutFactory(next_check_at=None)
    event = filed("checkout.session.completed", session_object(CheckoutFactory()))
    type(event).objects.update(state=EventState.DEAD)

    assert set(due_work.waits(LATE).values()) == {0.0}


def hour_is_full(*, at: datetime) -> None:
    """Five alerts told by a mail of their own, and one by a digest, at this time."""
    for told_as in [ToldAs.SINGLE] * 5 + [ToldAs.DIGEST]:
        AlertFactory(told_at=at, told_as=told_as)


def test_alerts_that_the_digest_holds_back_are_not_late() -> None:
    hour_is_full(at=NOON)
    AlertFactory(raised_at=NOON)

    assert due_work.waits(NOON + timedelta(minutes=59))["notices.alerts"] == 0.0
    assert check_lag(mode=Mode.SANDBOX, now=NOON + timedelta(minutes=59)) == []


def test_alerts_that_nobody_tells_when_they_may_be_told_are_late() -> None:
    hour_is_full(at=NOON)
    AlertFactory(raised_at=NOON)

    lag = due_work.waits(NOON + timedelta(hours=1, seconds=400))

    assert lag["notices.alerts"] == 400.0


def test_with_room_in_the_hour_an_alert_waits_from_its_own_time() -> None:
    AlertFactory(told_at=NOON, told_as=ToldAs.DIGEST)
    AlertFactory(raised_at=NOON + timedelta(seconds=1))

    assert due_work.waits(NOON + timedelta(seconds=11))["notices.alerts"] == 10.0


def test_one_alarm_per_kind_of_work_until_it_is_done() -> None:
    BuyerMailFactory()
    CheckoutFactory(next_check_at=NOON)

    just_in_time = check_lag(mode=Mode.SANDBOX, now=NOON + LAG_MAX)
    first = check_lag(mode=Mode.SANDBOX, now=LATE)
    again = check_lag(mode=Mode.SANDBOX, now=LATE + timedelta(minutes=1))
    raised = alarms()
    CheckoutSession.objects.update(next_check_at=None)
    BuyerMail.objects.update(next_attempt_at=LATE + timedelta(days=1))
    over = check_lag(mode=Mode.SANDBOX, now=LATE + timedelta(minutes=2))

    assert just_in_time == []
    assert first == again == ["revenue.buyer_mails", "revenue.checkouts"]
    assert sorted(raised) == [("revenue.buyer_mails", False), ("revenue.checkouts", False)]
    assert over == []
    assert sorted(alarms()) == [("revenue.buyer_mails", True), ("revenue.checkouts", True)]


def test_a_second_lag_is_a_second_alarm() -> None:
    mail = BuyerMailFactory()
    check_lag(mode=Mode.SANDBOX, now=LATE)
    BuyerMail.objects.filter(pk=mail.pk).update(next_attempt_at=LATE)
    check_lag(mode=Mode.SANDBOX, now=LATE)

    check_lag(mode=Mode.SANDBOX, now=LATE + LAG_MAX + timedelta(seconds=1))

    assert alarms() == [("revenue.buyer_mails", True), ("revenue.buyer_mails", False)]


def test_the_task_raises_and_closes() -> None:
    mail = BuyerMailFactory(next_attempt_at=datetime.now(UTC) - timedelta(hours=1))

    lagging = tasks.check_lag()
    BuyerMail.objects.filter(pk=mail.pk).update(next_attempt_at=None)

    assert (lagging, tasks.check_lag()) == (1, 0)
    assert OperatorAlert.objects.get().closed_at is not None


def late_work_gets_its_id(*, backwards: bool = False) -> None:
    module = import_module("revenue.migrations.0037_late_work_by_its_id")
    (step,) = module.Migration.operations
    assert isinstance(step, migrations.RunSQL)
    with connection.cursor() as cursor:
        for sql, values in step.reverse_sql if backwards else step.sql:
            cursor.execute(sql, values)


def test_an_alert_from_before_the_ids_stands_for_the_same_work() -> None:
    """As versions before wrote them: the words of the work in subject, item and facts."""
    BuyerMailFactory()
    old = AlertFactory(
        kind=SWEEP_LAG,
        subject="mails to buyers",
        item=f"mails to buyers:{NOON.isoformat()}",
        facts={"what": "mails to buyers", "oldest_s": 301, "is_stripes": 0},
        told_at=NOON,
    )
    event = AlertFactory(subject="refunds", item="refunds", told_at=NOON)

    late_work_gets_its_id()
    check_lag(mode=Mode.SANDBOX, now=LATE)

    old.refresh_from_db()
    assert alarms() == [("revenue.buyer_mails", False)]
    assert (old.item, old.about) == (f"revenue.buyer_mails:{NOON.isoformat()}", "mails to buyers")
    event.refresh_from_db()
    assert (event.subject, event.item) == ("refunds", "refunds")
    late_work_gets_its_id(backwards=True)
    old.refresh_from_db()
    assert (old.subject, old.item) == ("mails to buyers", f"mails to buyers:{NOON.isoformat()}")


def test_an_alert_that_was_dismissed_before_the_ids_is_not_raised_again() -> None:
    BuyerMailFactory()
    person = make_person("operator")
    AlertFactory(
        kind=SWEEP_LAG,
        subject="mails to buyers",
        item=f"mails to buyers:{NOON.isoformat()}",
        closed_at=NOON,
        closed_by=person,
    )

    late_work_gets_its_id()
    check_lag(mode=Mode.SANDBOX, now=LATE)

    assert alarms() == [("revenue.buyer_mails", True)]


def test_every_kind_of_late_work_had_a_name_before_the_ids() -> None:
    ids = import_module("revenue.migrations.0037_late_work_by_its_id").ID_OF

    # Than the ids:
    younger = ("notices.team_mails", "approvals.", "toolrouter.", "fulfillment.lookups")
    known = [kind for kind in due_work.known().values() if not kind.id.startswith(younger)]

    assert {ids[kind.words]: kind.words for kind in known} == {
        kind.id: kind.words for kind in known
    }


def test_pages_say_in_words_what_is_late() -> None:
    BuyerMailFactory()
    check_lag(mode=Mode.SANDBOX, now=LATE)
    alert = OperatorAlert.objects.get()
    browser = client_of(make_person("owner"))

    for address in ("/console/", "/console/alerts/", f"/console/alerts/{alert.reference}/"):
        page = browser.get(address).content.decode()
        assert "mails to buyers" in page
        assert "revenue.buyer_mails" not in page
