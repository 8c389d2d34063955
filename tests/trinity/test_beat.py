"""What beat sends is still worth doing when the worker's clock says something else."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from trinity import settings as project
from trinity.celery import app
from trinity.flow import TASK_ROUTES, TOOLS_QUEUE
from trinity.schedule import SWEEPS_EVERY_S

SENT_AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLOCKS_APART = timedelta(minutes=10)
WORK_OUTSIDE = {"fulfillment.look_up", "fulfillment.tend_turns"}  # the web, the agent


def expires_at(sweep: str) -> datetime:
    """Return when a worker throws this tick away, in the words of the message itself."""
    entry = project.CELERY_BEAT_SCHEDULE[sweep]
    message = app.amqp.as_task_v2("id", entry["task"], (), {}, now=SENT_AT, **entry["options"])
    return datetime.fromisoformat(message.headers["expires"])


@pytest.mark.parametrize("sweep", SWEEPS_EVERY_S)
def test_a_clock_that_is_ten_minutes_ahead_loses_no_sweep(sweep: str) -> None:
    """The worker takes it at least a whole interval after it was sent, as both clocks go."""
    interval = timedelta(seconds=min(SWEEPS_EVERY_S[sweep], CLOCKS_APART.total_seconds()))

    assert expires_at(sweep) >= SENT_AT + CLOCKS_APART + interval


def test_what_may_wait_long_goes_to_a_queue_of_its_own() -> None:
    for sweep in SWEEPS_EVERY_S:
        queue = app.amqp.router.route({}, sweep)["queue"].name
        waits_long = sweep.startswith("toolrouter.") or sweep in WORK_OUTSIDE
        assert (queue == TOOLS_QUEUE) == waits_long, sweep


def test_a_worker_that_was_away_finds_minutes_of_ticks_and_not_days() -> None:
    waiting: Counter[str] = Counter()
    for sweep, every_s in SWEEPS_EVERY_S.items():
        ticks = (expires_at(sweep) - SENT_AT).total_seconds() / every_s
        waiting[TASK_ROUTES.get(sweep, {"queue": "celery"})["queue"]] += int(ticks)

    assert set(waiting) == {"celery", TOOLS_QUEUE}  # each has a worker of its own
    assert max(waiting.values()) < 1_000
