"""What the webhook's door refuses is counted, told and alarmed, and costs no statement."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from console.usecases.check_lag import check_lag
from kernel.log_tally import Count, Tally
from kernel.modes import Mode
from notices.models import OperatorAlert
from notices.queries.alert_lines import alert_line
from revenue.enums import AlertKind, Refusal
from revenue.models import RefusedDeliveries, StripeWebhookEvent
from revenue.usecases.count_refusals import KEPT, count_refusals
from revenue.webhooks import refused
from tests.factories.people import client_of, make_person
from tests.revenue.test_webhook_door import BODY, deliver, signed
from trinity.doctor.findings import Level
from trinity.doctor.selling import look_at_refusals

pytestmark = pytest.mark.django_db

HEADERS = {
    Refusal.SECRET: lambda: signed(BODY, secret="whsec_other"),
    Refusal.STALE: lambda: signed(BODY, at=time.time() - 400),
    Refusal.UNSIGNED: lambda: "",
}


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    refused._counts.clear()
    yield
    refused._counts.clear()


def counts() -> dict[str, int]:
    return dict(RefusedDeliveries.objects.values_list("reason", "times"))


@pytest.mark.parametrize("reason", list(HEADERS))
def test_thirty_refusals_cost_no_statement_and_leave_one_row(reason: Refusal) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert {deliver(signature=HEADERS[reason]()) for _ in range(30)} == {400}
    assert (len(captured), counts()) == (0, {})

    refused.keep_now()
    assert counts() == {reason: 30}
    deliver(signature=HEADERS[reason]())
    refused.keep_now()
    refused.keep_now()

    assert counts() == {reason: 31}
    assert not StripeWebhookEvent.objects.exists()


def test_a_signed_body_that_is_no_event_is_counted_apart() -> None:
    assert deliver(b"{}") == 400
    refused.keep_now()

    assert counts() == {Refusal.BODY: 1}


def test_nothing_of_what_was_sent_is_kept() -> None:
    deliver(b'{"name": "Ada Lovelace"}', signature="t=1,v1=ada")
    refused.keep_now()

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM revenue_refuseddeliveries t")
        assert "ada" not in str(cursor.fetchall()).lower()


def run_of(reason: Refusal, times: int, *, ago: timedelta = timedelta(minutes=1)) -> datetime:
    now = datetime.now(UTC)
    count_refusals({reason: Count(times, now - ago, now - ago)})
    return now


def test_a_run_of_them_raises_one_alarm_a_day() -> None:
    now = run_of(Refusal.SECRET, 30)

    check_lag(mode=Mode.SANDBOX, now=now)
    check_lag(mode=Mode.SANDBOX, now=now + timedelta(minutes=1))

    alert = OperatorAlert.objects.get(kind=AlertKind.DELIVERIES_REFUSED)
    assert alert.facts["times"] == 30
    assert alert_line(alert)["address"].endswith("/console/")
    page = client_of(make_person("operator")).get("/console/").content.decode()
    assert "30 deliveries were refused" in page
    assert "signed with no secret of ours" in page


@pytest.mark.parametrize(
    ("reason", "times", "ago"),
    [
        (Refusal.UNSIGNED, 5_000, timedelta(minutes=1)),  # anybody may post anything
        (Refusal.SECRET, 2, timedelta(minutes=1)),
        (Refusal.SECRET, 500, timedelta(hours=2)),
    ],
)
def test_what_is_no_run_raises_none(reason: Refusal, times: int, ago: timedelta) -> None:
    check_lag(mode=Mode.SANDBOX, now=run_of(reason, times, ago=ago))

    assert not OperatorAlert.objects.exists()


def test_the_doctor_says_how_many_when_and_what_to_do() -> None:
    now = datetime.now(UTC)
    [nothing] = look_at_refusals(now)
    assert (nothing.level, nothing.words) == (Level.OK, "none was refused within a day")

    run_of(Refusal.SECRET, 7)
    run_of(Refusal.UNSIGNED, 3)
    found = {each.level: each for each in look_at_refusals(now + timedelta(seconds=5))}

    assert found[Level.WARN].words.startswith("7 refused within a day, the last 20")
    assert "STRIPE_WEBHOOK_SECRETS" in found[Level.WARN].remedy
    assert found[Level.OK].words.startswith("3 refused within a day")
    assert [each.level for each in look_at_refusals(now + timedelta(days=2))] == [Level.OK]


def test_old_hours_are_forgotten() -> None:
    run_of(Refusal.SECRET, 1, ago=KEPT + timedelta(hours=2))
    run_of(Refusal.SECRET, 2)

    assert [row.times for row in RefusedDeliveries.objects.all()] == [2]


def test_what_the_database_does_not_take_is_written_the_next_time() -> None:
    written: list[Mapping[str, Count]] = []
    is_away = [True]

    def keep(counted: Mapping[str, Count]) -> None:
        if is_away[0]:
            raise OperationalError
        written.append(counted)

    tally = Tally(keep, every_s=lambda: 0)
    tally.add("x")
    tally.keep_now()
    tally.add("x")
    is_away[0] = False
    tally.keep_now()

    assert [{what: count.times for what, count in each.items()} for each in written] == [{"x": 2}]


@pytest.mark.django_db(transaction=True)
def test_a_thread_of_its_own_writes_them(settings: Settings) -> None:
    settings.REFUSALS_WRITTEN_EVERY_S = 0.05
    tally = Tally(count_refusals, every_s=lambda: 0.05)

    for _ in range(30):
        tally.add(Refusal.SECRET)
    deadline = time.monotonic() + 30
    while counts() != {Refusal.SECRET: 30} and time.monotonic() < deadline:
        time.sleep(0.05)

    assert counts() == {Refusal.SECRET: 30}


def test_the_dashboard_is_silent_where_nothing_was_refused() -> None:
    page = client_of(make_person("operator")).get("/console/").content.decode()

    assert "refused" not in page.split("<main")[1]
    assert Client().get("/healthz").status_code == 200
