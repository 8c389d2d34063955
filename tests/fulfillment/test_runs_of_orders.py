"""A paid order is taken in, gets one run, and stands still while it is frozen."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from fulfillment.enums import FreezeReason, RunState
from fulfillment.models import AcquisitionRun, OrderIntake, RunEvent
from fulfillment.operations import freeze_work, open_intake, resume_work
from fulfillment.usecases.start_run import start_run
from kernel.append_only import AppendOnlyViolation
from kernel.money import Money
from kernel.transitions import IllegalMove
from ledger.models import LedgerEntry
from tests.factories.fulfillment import (
    NOON,
    PaidOrder,
    home_project,
    open_intake_of,
    paid_order,
    planned_run,
)
from tests.owner import as_owner

pytestmark = pytest.mark.django_db(transaction=True)

DISPUTE, REFUND = FreezeReason.DISPUTE, FreezeReason.REFUND


def test_an_intake_opens_once_in_one_statement() -> None:
    order = paid_order()
    fields = {
        "order_id": order.id, "order_ref": order.reference, "offer_id": None, "deal_id": None,
        "mode": order.mode, "trace_ref": order.trace_ref, "now": NOON,
        "project_ref": home_project(), "subjects": [], "funded": Money(100, "USD"),
    }  # fmt: skip

    with CaptureQueriesContext(connection) as captured:
        first = open_intake(**fields)
    again = open_intake(**fields)

    assert (len(captured), first.is_new, again.is_new) == (1, True, False)
    assert (again.id, again.reference) == (first.id, first.reference)


def test_a_test_order_opens_no_live_intake() -> None:
    order = paid_order(mode="test")

    with pytest.raises(IntegrityError, match="fulfillment_orderintake_order_id_same_mode"):
        open_intake_of(PaidOrder(**{**_fields(order), "mode": "live"}))


def _fields(order: PaidOrder) -> dict[str, object]:
    return {name: getattr(order, name) for name in ("id", "reference", "mode", "trace_ref")}


def test_a_paid_order_gets_one_run_with_bounds() -> None:
    order = paid_order()
    intake = open_intake_of(order)

    first = start_run(order_id=order.id, now=NOON)
    again = start_run(order_id=order.id, now=NOON + timedelta(hours=1))

    run = AcquisitionRun.objects.get()
    assert first == again == run.reference
    assert (run.state, run.mode, run.trace_ref, run.intake_id) == (
        RunState.WAITING_FOR_BRIEF, order.mode, order.trace_ref, intake.pk,
    )  # fmt: skip
    assert (run.kind, run.deadline, run.steps_max) == (
        "fulfilment", NOON + timedelta(days=30), 200,
    )  # fmt: skip


def test_a_run_begins_its_history_and_its_ledger() -> None:
    run = planned_run()

    event, entry = RunEvent.objects.get(), LedgerEntry.objects.get(kind="run")
    assert (event.kind, event.mode, event.facts) == (
        "planned", "sandbox", {"steps_max": 200},
    )  # fmt: skip
    assert (entry.kind, entry.event, entry.subject, entry.trace_ref) == (
        "run", "run.planned", run.reference, run.trace_ref,
    )  # fmt: skip
    assert entry.refs == [event.reference, run.intake.reference, run.intake.order_ref]


def test_an_order_without_an_intake_gets_no_run() -> None:
    assert start_run(order_id=paid_order().id, now=NOON) is None
    assert not AcquisitionRun.objects.exists()


def test_freezing_where_there_is_no_work_changes_nothing() -> None:
    order = paid_order()

    assert freeze_in_transaction(order.id, DISPUTE) is False
    assert resume_in_transaction(order.id) is False


def freeze_in_transaction(order_id: int, reason: FreezeReason) -> bool:
    with transaction.atomic():
        return freeze_work(order_id=order_id, reason=reason, now=NOON)


def resume_in_transaction(order_id: int) -> bool:
    with transaction.atomic():
        return resume_work(order_id=order_id, now=NOON)


def test_it_does_not_matter_whether_the_freeze_or_the_run_comes_first() -> None:
    ends = set()
    for steps in itertools.permutations(["start", "freeze"]):
        order = paid_order()
        open_intake_of(order)
        for step in [*steps, *steps]:
            if step == "start":
                start_run(order_id=order.id, now=NOON)
            else:
                freeze_in_transaction(order.id, DISPUTE)
        run = AcquisitionRun.objects.get(intake__order_id=order.id)
        kinds = RunEvent.objects.filter(run=run).order_by("pk").values_list("kind", flat=True)
        ends.add((run.state, run.intake.frozen_reason, tuple(kinds)))

    assert ends == {(RunState.FROZEN, "dispute", ("planned", "frozen"))}


@pytest.mark.parametrize("at", range(3))
def test_a_resumed_order_has_a_planned_run_whenever_it_starts(at: int) -> None:
    order = paid_order()
    open_intake_of(order)
    steps: list[Callable[[], object]] = [
        lambda: freeze_in_transaction(order.id, DISPUTE),
        lambda: resume_in_transaction(order.id),
    ]
    steps.insert(at, lambda: start_run(order_id=order.id, now=NOON))

    for step in steps:
        step()

    run = AcquisitionRun.objects.get()
    assert (run.state, run.intake.frozen_reason, run.intake.frozen_at) == (
        RunState.WAITING_FOR_BRIEF, "", None,
    )  # fmt: skip


def test_the_newest_reason_stands_and_the_first_moment_stays() -> None:
    run = planned_run()
    order_id = run.intake.order_id

    assert freeze_in_transaction(order_id, DISPUTE) is True
    assert freeze_in_transaction(order_id, DISPUTE) is False
    with transaction.atomic():
        freeze_work(order_id=order_id, reason=REFUND, now=NOON + timedelta(hours=1))

    intake = OrderIntake.objects.get()
    assert (intake.frozen_reason, intake.frozen_at) == ("refund", NOON)
    assert AcquisitionRun.objects.get().state == RunState.FROZEN
    events = list(
        LedgerEntry.objects.filter(kind="run").order_by("pk").values_list("event", "facts")
    )
    assert events[1:] == [
        ("run.frozen", {"reason": "dispute"}),
        ("run.frozen", {"reason": "refund"}),
    ]


def test_a_run_moves_along_its_table_only() -> None:
    run = planned_run()

    with pytest.raises(IllegalMove):
        run.move(RunState.WAITING_FOR_BRIEF)


def test_a_runs_history_is_never_rewritten() -> None:
    planned_run()

    with pytest.raises(AppendOnlyViolation):
        RunEvent.objects.update(kind="frozen")
    with (
        as_owner(),
        pytest.raises(IntegrityError, match="append-only"),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE fulfillment_runevent SET kind = 'frozen'")
    with (
        as_owner(),
        pytest.raises(IntegrityError, match="append-only"),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM fulfillment_runevent")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"state": "walking"}, "run_state_known"),
        ({"kind": "errand"}, "run_is_about_what_its_kind_says"),
        ({"steps_max": 0}, "run_work_is_bounded"),
        ({"kind": "trial"}, "run_is_about_what_its_kind_says"),
        ({"state": "frozen"}, "run_frozen_iff_it_remembers_from_where"),
        ({"state": "paused"}, "run_interrupted_iff_it_remembers_what"),
        ({"interrupted": "planning"}, "run_interrupted_iff_it_remembers_what"),
    ],
)
def test_the_database_refuses_a_run_that_cannot_be(
    changes: dict[str, object], sentence: str
) -> None:
    run = planned_run()

    with pytest.raises(IntegrityError, match=sentence):
        AcquisitionRun.objects.filter(pk=run.pk).update(**changes)


def test_the_database_refuses_a_freeze_without_a_reason() -> None:
    open_intake_of(paid_order())

    with pytest.raises(IntegrityError, match="intake_frozen_iff_there_is_a_reason"):
        OrderIntake.objects.update(frozen_at=NOON)


@pytest.mark.parametrize("model", [OrderIntake, AcquisitionRun])
def test_a_mode_never_changes(model: type[OrderIntake] | type[AcquisitionRun]) -> None:
    planned_run()

    with pytest.raises(IntegrityError, match="the mode of a row never changes"):
        model.objects.update(mode="live")
