"""The bounds that a run is born with. Pure: nothing here looks anything up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

GOAL: Final = (
    "Prepare the acquisition snapshot that this order paid for, as its offer describes it."
)
WORK_LASTS: Final = timedelta(days=2)  # from the payment on; later a person decides
STEPS_MAX: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a run aims at, and where it stops."""

    goal: str
    deadline: datetime
    steps_max: int


def bounds_of_run(*, opened_at: datetime) -> Bounds:
    """Return the bounds of the run of an intake that was opened at ``opened_at``."""
    return Bounds(goal=GOAL, deadline=opened_at + WORK_LASTS, steps_max=STEPS_MAX)


# What one run may look up on the web, and for how long each lookup is tried.
LOOKUPS_MAX: Final = {"search": 30, "fetch": 60}
SOURCE_BYTES_MAX: Final = 16 * 1024 * 1024
LOOKUP_LASTS: Final = timedelta(seconds=60)
SOURCE_BYTES_KEPT: Final = timedelta(days=90)
FOUND_KEPT: Final = timedelta(days=1)  # what a search found: the run has read it by then
