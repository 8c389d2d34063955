"""How a run gets on: each step is a move and a line, an interruption remembers what it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from fulfillment.enums import FreezeReason, RunLimit, RunState
from fulfillment.models import AcquisitionRun, RunEvent
from fulfillment.operations import freeze_work, progress, resume_work
from kernel.transitions import IllegalMove
from ledger.models import LedgerEntry
from ledger.queries.verification import verify
from tests.factories.fulfillment import NOON, planned_run
from tests.factories.people import make_person
from toolrouter.models import Grant

pytestmark = pytest.mark.django_db(transaction=True)


def step(name: str, run: AcquisitionRun, *args: object, **more: object) -> None:
    with transaction.atomic():
        getattr(progress, name)(run, *args, now=NOON, **more)
    run.refresh_from_db()


def at(state: str) -> AcquisitionRun:
    """Return a run that came to ``state`` step by step."""
    run = planned_run()
    path: list[Callable[[], None]] = [
        lambda: step("brief_given", run),
        lambda: step("plan_submitted", run, refs=[]),
        lambda: step("plan_approved", run, refs=[]),
        lambda: step("deliverable_submitted", run, refs=[]),
    ]
    for walk in path:
        if run.state == state:
            break
        walk()
    assert run.state == state
    return run


def kinds(run: AcquisitionRun) -> list[str]:
    return list(RunEvent.objects.filter(run=run).order_by("pk").values_list("kind", flat=True))


def test_a_run_comes_to_its_delivery_line_by_line() -> None:
    run = at("awaiting_review")

    step("sent_back", run, refs=[])
    step("deliverable_submitted", run, refs=[])
    step("released", run, refs=[], by_id=make_person("owner").pk)

    assert run.state == RunState.DELIVERED
    assert kinds(run) == [
        "planned", "plan_submitted", "plan_approved", "submitted", "sent_back", "submitted",
        "released",
    ]  # fmt: skip
    assert Grant.objects.get().ended_at == NOON
    assert LedgerEntry.objects.filter(kind="run").count() == 7
    assert _complaints() == set()


@pytest.mark.parametrize("state", ["waiting_for_brief", "planning", "running", "awaiting_review"])
def test_a_pause_returns_to_what_it_interrupted_through_a_refund_and_back(state: str) -> None:
    run, owner = at(state), make_person("owner")

    step("pause", run, by_id=owner.pk)
    _freeze(run)
    assert (run.state, run.frozen_from, run.interrupted) == ("frozen", "paused", state)
    _resume(run)
    assert (run.state, run.interrupted) == ("paused", state)
    assert Grant.objects.get().frozen_at is not None
    assert _complaints() == set()
    step("resume", run, by_id=owner.pk)

    assert (run.state, run.interrupted, Grant.objects.get().frozen_at) == (state, "", None)
    assert _complaints() == set()


def test_a_limit_is_named_and_a_retry_gives_room() -> None:
    run, owner = at("running"), make_person("owner")

    step("limit_reached", run, RunLimit.STEPS)
    assert (run.state, run.interrupted, run.limit_reached) == ("stuck", "running", "steps")
    assert RunEvent.objects.latest("pk").facts == {"limit": "steps"}
    step("retry", run, by_id=owner.pk)

    assert (run.state, run.limit_reached, run.steps_max) == ("running", "", 400)


def test_a_refund_after_the_end_is_a_line_and_moves_nothing() -> None:
    run = at("awaiting_review")
    step("released", run, refs=[])

    _freeze(run)
    _resume(run)

    assert run.state == RunState.DELIVERED
    assert kinds(run)[-2:] == ["payment_held", "payment_settled"]
    assert _complaints() == set()


@pytest.mark.parametrize("state", ["planning", "paused", "frozen", "stuck"])
def test_a_stop_is_for_good_from_everywhere(state: str) -> None:
    run, owner = at("planning"), make_person("owner")
    if state == "paused":
        step("pause", run, by_id=owner.pk)
    if state == "frozen":
        _freeze(run)
    if state == "stuck":
        step("limit_reached", run, RunLimit.TURNS)

    step("stop", run, by_id=owner.pk)

    assert (run.state, run.interrupted, run.frozen_from) == ("stopped", "", "")
    assert RunEvent.objects.latest("pk").facts == {"actor": f"user:{owner.pk}"}
    assert Grant.objects.get().ended_at == NOON
    with pytest.raises(IllegalMove), transaction.atomic():
        progress.retry(run, now=NOON, by_id=owner.pk)
    assert _complaints() == set()


def _freeze(run: AcquisitionRun) -> None:
    with transaction.atomic():
        freeze_work(order_id=run.intake.order_id, reason=FreezeReason.REFUND, now=NOON)
    run.refresh_from_db()


def _resume(run: AcquisitionRun) -> None:
    with transaction.atomic():
        resume_work(order_id=run.intake.order_id, now=NOON)
    run.refresh_from_db()


def _complaints() -> set[str]:
    findings = verify(heads=None, public_keys=[], now=NOON).findings
    return {each.code for each in findings} & {
        "grant_differs", "grant_without_run", "row_without_entry", "entry_without_row",
        "entry_differs_from_row",
    }  # fmt: skip
