"""How many calls a run may make. Imports no Django, looks nothing up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Of a token that lets nobody in: so many are written down, so that people see that somebody tries.
DEAD_TOKEN_CALLS_PER_MINUTE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may do in a minute, and how many of its requests may wait for a person at once."""

    calls_per_minute: int
    proposals_per_minute: int  # of what needs a person
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a run did in this minute and what waits, this call included."""

    calls: int
    proposals: int
    waiting: int


def is_too_many(counts: Counts, limits: Limits, *, needs_person: bool) -> bool:
    """Say whether this call is one too many. What reaches a limit exactly still passes."""
    if counts.calls > limits.calls_per_minute:
        return True
    return needs_person and (
        counts.proposals > limits.proposals_per_minute or counts.waiting > limits.waiting
    )
