"""The bounds that a run is born with. Pure: nothing here looks anything up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from toolrouter.enums import RunKind

GOALS: Final[Mapping[RunKind, str]] = {
    RunKind.FULFILMENT: "Prepare the acquisition snapshot that this order paid for, as its offer "
    "describes it.",
    RunKind.SALES: "Summarise this lead, recommend next steps, and prepare an outreach pack.",
    RunKind.TRIAL: "Prepare an acquisition snapshot as a trial. Nobody has ordered it.",
}
WORK_LASTS: Final = timedelta(days=30)  # from the beginning on; nothing is done in it later
STEPS_MAX: Final = 200  # tool calls
TOKENS_MAX: Final = 2_000_000
WALL_S_MAX: Final = 2 * 60 * 60  # all turns together
# One turn of the agent: longer than any good one, short enough to be seen as stuck.
TURN_LASTS: Final = timedelta(minutes=4)
TOKENS_OF_A_TURN: Final = 1_000_000
IDLE_TURNS_MAX: Final = 3  # in a row without progress
# What one run may look up on the web, and for how long each lookup is tried.
LOOKUPS_MAX: Final = {"search": 30, "fetch": 60}
SOURCE_BYTES_MAX: Final = 16 * 1024 * 1024
LOOKUP_LASTS: Final = timedelta(seconds=60)
SOURCE_BYTES_KEPT: Final = timedelta(days=90)
FOUND_KEPT: Final = timedelta(days=1)  # what a search found: the run has read it by then


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a run aims at, and where it stops: a time, tool calls, tokens, seconds of turns."""

    goal: str
    deadline: datetime
    steps_max: int = STEPS_MAX
    tokens_max: int = TOKENS_MAX
    wall_s_max: int = WALL_S_MAX


def bounds_of_run(*, opened_at: datetime, kind: RunKind = RunKind.FULFILMENT) -> Bounds:
    """Return the bounds of a run of that kind whose work was taken in at ``opened_at``."""
    return Bounds(goal=GOALS[kind], deadline=opened_at + WORK_LASTS)
