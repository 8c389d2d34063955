"""A word that got lost costs seconds: whatever has no run gets one with the next word or sweep."""

from __future__ import annotations

import logging

import pytest
from django.db import connection
from django.utils import timezone

from fulfillment import tasks
from fulfillment.models import AcquisitionRun, OrderIntake
from fulfillment.tasks import start_runs
from tests.factories.fulfillment import open_intake_of, paid_order
from tests.owner import as_owner

pytestmark = pytest.mark.django_db(transaction=True)


def opened(count: int) -> list[int]:
    """Open intakes for ``count`` paid orders; return the ids of the orders."""
    orders = [paid_order() for _ in range(count)]
    for order in orders:
        open_intake_of(order, now=timezone.now())
    return [order.id for order in orders]


def with_run() -> set[int]:
    return set(AcquisitionRun.objects.values_list("intake__order_id", flat=True))


def test_every_intake_without_a_run_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "INTAKES_AT_ONCE", 2)
    orders = opened(5)

    assert start_runs(what_a_newer_producer_adds=1) == 5
    assert with_run() == set(orders)


def test_nothing_happens_when_every_intake_has_its_run() -> None:
    opened(1)
    start_runs()

    assert start_runs() == 0
    assert AcquisitionRun.objects.count() == 1


def test_one_that_fails_does_not_hold_up_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tasks, "INTAKES_AT_ONCE", 1)
    first, poisoned, last = opened(3)
    with (
        as_owner(),
        connection.cursor() as cursor,
    ):  # a fault for this row only
        cursor.execute(
            "CREATE FUNCTION refuse_run() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE 'disk full'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER poisoned BEFORE UPDATE ON fulfillment_orderintake FOR EACH ROW"
            f" WHEN (old.order_id = {poisoned}) EXECUTE FUNCTION refuse_run()"
        )
    try:
        with caplog.at_level(logging.ERROR, logger="fulfillment.tasks"):
            assert start_runs() == 2
    finally:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION refuse_run() CASCADE")

    assert with_run() == {first, last}
    assert [record.getMessage() for record in caplog.records] == ["run not planned"]
    assert start_runs() == 1
    assert OrderIntake.objects.filter(run_made_at__isnull=True).count() == 0
