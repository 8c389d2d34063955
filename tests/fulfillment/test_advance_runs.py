"""The agent gets its turns, and what follows from their ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from fulfillment.enums import RunState, TurnOutcome, TurnState
from fulfillment.models import AcquisitionRun, RunEvent, Turn
from fulfillment.operations import progress
from fulfillment.operations.turn_ends import turn_ended
from fulfillment.usecases.advance_runs import advance_runs
from tests.factories.fulfillment import NOON, planned_run
from tests.factories.people import make_person
from trinity.agent_settings import Agent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _lanes(settings: object) -> None:
    settings.AGENT = Agent(url="http://127.0.0.1:1", key="k" * 16, lanes=2)  # type: ignore[attr-defined]  # pytest-django's


def at_work() -> AcquisitionRun:
    run = planned_run()
    with transaction.atomic():
        progress.brief_given(run, now=NOON)
    return run


def end_turn(**used: int) -> None:
    """End the one open turn, as its sweep does."""
    turn = Turn.objects.exclude(state=TurnState.ENDED).select_related("run").get()
    with transaction.atomic():
        progress.lock_run(turn.run.reference)
        turn.move_fenced(
            TurnState.ENDED, outcome=TurnOutcome.COMPLETED, ended_at=NOON, cleared_at=NOON, **used
        )
        turn_ended(turn, now=NOON)


def test_as_many_turns_as_lanes_and_nobody_gets_two() -> None:
    runs = [at_work() for _ in range(3)]

    assert [advance_runs(now=NOON), advance_runs(now=NOON)] == [2, 0]

    assert set(Turn.objects.values_list("run__reference", "purpose")) == {
        (run.reference, "plan") for run in runs[:2]
    }


def test_turns_without_progress_end_in_a_named_state() -> None:
    run = at_work()

    for _ in range(3):
        assert advance_runs(now=NOON + timedelta(minutes=1)) == 1
        end_turn(tokens=5)

    run.refresh_from_db()
    assert (run.state, run.limit_reached, run.tokens_used) == (RunState.STUCK, "turns", 15)
    assert advance_runs(now=NOON) == 0
    assert RunEvent.objects.latest("pk").facts == {"limit": "turns"}


def test_a_plan_that_came_is_progress_whatever_the_agent_says() -> None:
    run = at_work()
    advance_runs(now=NOON)
    with transaction.atomic():
        progress.plan_submitted(run, refs=[], now=NOON)

    end_turn(tokens=7)

    run.refresh_from_db()
    assert (run.state, run.idle_turns, run.tokens_used) == ("awaiting_plan_approval", 0, 7)
    assert advance_runs(now=NOON) == 0


def test_a_limit_of_tokens_is_a_recorded_outcome() -> None:
    run = at_work()
    advance_runs(now=NOON)

    end_turn(tokens=run.tokens_max)

    run.refresh_from_db()
    assert (run.state, run.limit_reached) == ("stuck", "tokens")


def test_a_refused_plan_is_revised_and_a_pause_stops_the_turn() -> None:
    run, owner = at_work(), make_person("owner")
    with transaction.atomic():
        progress.plan_submitted(run, refs=[], now=NOON)
        progress.plan_refused(run, refs=[], now=NOON)

    advance_runs(now=NOON)
    with transaction.atomic():
        progress.pause(run, now=NOON, by_id=owner.pk)

    turn = Turn.objects.get()
    assert (turn.purpose, turn.state, turn.outcome) == ("revise", "ended", "cancelled")
    assert advance_runs(now=NOON) == 0


def test_nobody_works_where_there_is_no_agent(settings: object) -> None:
    settings.AGENT = Agent(url="", key="", lanes=2)  # type: ignore[attr-defined]  # pytest-django's
    at_work()

    assert advance_runs(now=NOON) == 0
    assert not Turn.objects.exists()
