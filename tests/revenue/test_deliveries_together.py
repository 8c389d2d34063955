"""What arrives together is filed in one statement, and each delivery gets its own answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DataError, connection, connections
from django.test.utils import CaptureQueriesContext

from kernel.modes import Mode
from notices.models import OperatorAlert
from revenue.models import EventAlarm, EventRepeat, StripeWebhookEvent
from revenue.operations.event_filing import Delivery
from revenue.providers import gateway_for_web
from revenue.usecases.accept_webhook import accept_deliveries
from revenue.webhooks import file_together, status_of
from tests.factories.revenue import event_body
from tests.kernel.conftest import at_once
from tests.owner import rewriting

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def delivery(number: int, *, at: datetime = NOW, **changes: Any) -> Delivery:
    event = json.loads(event_body("payout.paid", {"id": f"po_{number}", "object": "payout"}))
    body = json.dumps(event | {"id": f"evt_{number}"} | changes).encode()
    notice = gateway_for_web().read_notice(body)
    return Delivery(notice=notice, body=body, mode=Mode.SANDBOX, received_at=at)


def accept(*deliveries: Delivery) -> list[bool | Exception]:
    return accept_deliveries(deliveries, gateway=gateway_for_web())


def filed() -> list[str]:
    return sorted(StripeWebhookEvent.objects.values_list("stripe_id", flat=True))


def repeats() -> dict[str, int]:
    return dict(EventRepeat.objects.values_list("event__stripe_id", "times"))


@contextmanager
def statements() -> Iterator[list[int]]:
    """Count the INSERTs of events that Postgres runs over this connection."""

    def executed() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(sum(generic_plans + custom_plans), 0) FROM pg_prepared_statements"
                " WHERE statement LIKE '%INSERT INTO revenue_stripewebhookevent%'"
            )
            return int(cursor.fetchone()[0])

    before, statements = executed(), [0]
    yield statements
    statements[0] = executed() - before


def test_many_new_events_are_one_statement() -> None:
    deliveries = [delivery(number) for number in range(7)]

    with statements() as inserts, CaptureQueriesContext(connection) as others:
        results = accept(*deliveries)

    assert results == [True] * 7
    assert (inserts, len([q for q in others if "pg_prepared" not in q["sql"]])) == ([1], 0)
    assert filed() == [f"evt_{number}" for number in range(7)]
    bodies = {e.stripe_id: bytes(e.body) for e in StripeWebhookEvent.objects.all()}
    assert bodies == {each.notice.stripe_id: each.body for each in deliveries}


def test_each_answer_is_that_of_its_own_delivery() -> None:
    accept(delivery(5))

    assert accept(delivery(9), delivery(5), delivery(1)) == [True, False, True]
    assert repeats() == {"evt_5": 1}


def test_one_event_twice_in_one_statement_is_new_once_and_counted_once() -> None:
    later = NOW + timedelta(seconds=5)

    assert accept(delivery(1), delivery(2), delivery(1, at=later)) == [True, True, False]
    assert repeats() == {"evt_1": 1}
    assert EventRepeat.objects.get().last_at == later


def test_another_object_under_one_id_in_one_statement_is_an_alarm() -> None:
    other = delivery(1, data={"object": {"id": "po_1", "object": "payout", "amount": 5}})

    assert accept(delivery(1), other) == [True, False]
    assert [bytes(alarm.body) for alarm in EventAlarm.objects.all()] == [other.body]
    assert [alert.kind for alert in OperatorAlert.objects.all()] == ["event_differs"]
    assert bytes(StripeWebhookEvent.objects.get().body) == delivery(1).body


def unfit(number: int) -> Delivery:
    """A delivery that nothing before Postgres would stop: it holds a NUL."""
    fit = delivery(number)
    return replace(fit, notice=replace(fit.notice, object_id="po_\x00"))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_postgres_refuses_takes_no_other_with_it(place: int) -> None:
    deliveries = [delivery(number) for number in (1, 2, 3)]
    deliveries[place] = unfit(place + 1)

    results = file_together(deliveries)

    assert [type(each) for each in results] == [
        DataError if number == place else bool for number in range(3)
    ]
    assert [status_of(each) for each in results].count(200) == 2
    assert filed() == [f"evt_{number}" for number in (1, 2, 3) if number != place + 1]
    assert repeats() == {}


def test_what_postgres_refuses_alone_is_refused() -> None:
    assert [type(each) for each in file_together([unfit(1)])] == [DataError]
    assert filed() == []


def lose_the_connection() -> None:
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SET ROLE NONE")  # to end what the owner has logged in
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()


def test_a_lost_connection_costs_none_of_those_who_came_together() -> None:
    file_together([delivery(0)])
    lose_the_connection()

    assert file_together([delivery(0), delivery(1), delivery(2)]) == [False, True, True]
    assert filed() == ["evt_0", "evt_1", "evt_2"]
    assert repeats() == {"evt_0": 1}


@pytest.mark.races
def test_two_who_file_the_same_events_in_opposite_order_never_deadlock() -> None:
    numbers = list(range(40))

    def file(thread: int) -> list[bool | Exception]:
        order = numbers if thread % 2 else numbers[::-1]
        return accept(*[delivery(number) for number in order])

    for _ in range(5):
        with rewriting(StripeWebhookEvent):
            StripeWebhookEvent.objects.all()._raw_delete("default")
        EventRepeat.objects.all()._raw_delete("default")

        answers = at_once(file, threads=4)

        assert sum(each is True for answer in answers for each in answer) == len(numbers)
        assert all(isinstance(each, bool) for answer in answers for each in answer)
        assert set(repeats().values()) == {3}
