"""The background loop: jobs that have come due, and workers with queues of their own."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sandbox.errors import Refused
from sandbox.state import RequestContext, State

log = logging.getLogger("sandbox")

IDLE_S_MAX: Final = 5.0
Job = Callable[[RequestContext, str], None]
Worker = Callable[[], float | None]  # Starts what is due; says in how many seconds more will be.


async def run_background(
    state: State, *, jobs: Mapping[str, Job], workers: Sequence[Worker]
) -> None:
    """Work for ever: sleep until something is due or somebody calls ``state.wake()``."""
    while True:
        state.alarm.clear()
        waits = [_run_due_jobs(state, jobs), *(worker() for worker in workers)]
        pauses = [IDLE_S_MAX, *(each for each in waits if each is not None)]
        try:
            await asyncio.wait_for(state.alarm.wait(), min(pauses))
        except TimeoutError:
            continue


def _run_due_jobs(state: State, jobs: Mapping[str, Job]) -> float | None:
    """Do what is due; return seconds until the next job, or None."""
    while True:
        row = state.store.row("SELECT * FROM jobs ORDER BY due_at LIMIT 1")
        context = state.context()
        if row is None:
            return None
        if row["due_at"] > context.now_s:
            return float(row["due_at"]) - context.now_s
        state.store.write("DELETE FROM jobs WHERE id = ?", (row["id"],))
        try:
            with state.store.transaction():
                jobs[row["verb"]](context, row["subject"])
        except (LookupError, Refused) as error:
            log.warning("%s %s was not done: %s", row["verb"], row["subject"], error)
