"""Who gets the next turn, and when a run has come to a bound."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from fulfillment.enums import RunLimit
from fulfillment.planning import Used, Waiting, limit_of, next_runs
from tests.factories.fulfillment import NOON

USED = Used(
    steps=1, steps_max=10, tokens=1, tokens_max=10, wall_s=1, wall_s_max=10, idle_turns=0,
    idle_turns_max=3,
    deadline=NOON + timedelta(days=1),
)  # fmt: skip


def test_what_is_promised_first_comes_first_and_then_the_oldest() -> None:
    day = timedelta(days=1)
    runs = [
        Waiting(run_ref="late", due_at=NOON + 2 * day, created_at=NOON),
        Waiting(run_ref="unpromised", due_at=None, created_at=NOON - day),
        Waiting(run_ref="newer", due_at=NOON + day, created_at=NOON + day),
        Waiting(run_ref="older", due_at=NOON + day, created_at=NOON),
    ]

    assert next_runs(runs, free=9) == ["older", "newer", "late", "unpromised"]
    assert next_runs(runs, free=1) == ["older"]
    assert next_runs(runs, free=-1) == []


def test_two_hundred_of_one_hour_begin_in_their_order_and_none_is_lost() -> None:
    waiting = [
        Waiting(run_ref=f"run_{n:03}", due_at=None, created_at=NOON + timedelta(seconds=18 * n))
        for n in range(200)
    ]
    random.Random(7).shuffle(waiting)

    begun: list[str] = []
    while waiting:
        chosen = next_runs(waiting, free=3)
        begun += chosen
        waiting = [run for run in waiting if run.run_ref not in chosen]

    assert begun == [f"run_{n:03}" for n in range(200)]


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({}, None),
        ({"steps": 10}, RunLimit.STEPS),
        ({"tokens": 10}, RunLimit.TOKENS),
        ({"wall_s": 10}, RunLimit.WALL_TIME),
        ({"idle_turns": 3}, RunLimit.TURNS),
        ({"deadline": NOON}, RunLimit.DEADLINE),
    ],
)
def test_a_bound_is_named(changes: dict[str, object], limit: RunLimit | None) -> None:
    assert limit_of(replace(USED, **changes), now=NOON) == limit  # type: ignore[arg-type]  # fields by name
