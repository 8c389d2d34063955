"""Starting and freezing at once: one run, and it stands where the freeze says."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from fulfillment.enums import FreezeReason, RunState
from fulfillment.models import AcquisitionRun, OrderIntake, RunEvent
from fulfillment.operations import freeze_work, open_intake
from fulfillment.usecases.start_run import start_run
from kernel.money import Money
from tests.factories.fulfillment import NOON, home_project, open_intake_of, paid_order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.races]

ROUNDS, THREADS = 5, 8


def at_once(works: list[Callable[[], object]]) -> None:
    start, errors = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait(timeout=10)
            work()
        except Exception as error:  # noqa: BLE001  # looked at below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []


def test_one_intake_and_one_run_however_many_start_it() -> None:
    order = paid_order()

    def take_in() -> None:
        with transaction.atomic():
            open_intake(
                order_id=order.id, order_ref=order.reference, offer_id=None, deal_id=None,
                mode=order.mode, trace_ref=order.trace_ref, now=NOON, project_ref=home_project(),
                subjects=[], funded=Money(100, "USD"),
            )  # fmt: skip
        start_run(order_id=order.id, now=NOON)

    at_once([take_in] * THREADS)

    counts = (OrderIntake.objects.count(), AcquisitionRun.objects.count(), RunEvent.objects.count())
    assert counts == (1, 1, 1)


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_a_freeze_is_never_lost_between_intake_and_run(_round: int) -> None:
    order = paid_order()
    open_intake_of(order)

    def freeze() -> None:
        with transaction.atomic():
            freeze_work(order_id=order.id, reason=FreezeReason.DISPUTE, now=NOON)

    def start() -> None:
        start_run(order_id=order.id, now=NOON)

    at_once([freeze, start] * (THREADS // 2))

    assert AcquisitionRun.objects.get().state == RunState.FROZEN
    kinds = list(RunEvent.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["planned", "frozen"]
