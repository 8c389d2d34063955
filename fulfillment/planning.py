"""Who gets the next turn, and when a run has come to one of its bounds. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fulfillment.enums import RunLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A run at which the agent could work, and has no turn."""

    run_ref: str
    due_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a run has used of its bounds, and what they are."""

    steps: int
    steps_max: int
    tokens: int
    tokens_max: int
    wall_s: int
    wall_s_max: int
    idle_turns: int
    idle_turns_max: int
    deadline: datetime


def next_runs(waiting: Iterable[Waiting], *, free: int) -> list[str]:
    """Return who gets one of ``free`` lanes: what is promised earliest first, then the oldest."""
    ordered = sorted(
        waiting,
        key=lambda run: (
            *(run.due_at is None, run.due_at or run.created_at, run.created_at),
            run.run_ref,
        ),
    )
    return [run.run_ref for run in ordered[: max(free, 0)]]


def limit_of(used: Used, *, now: datetime) -> RunLimit | None:
    """Return the bound that a run has come to, or None."""
    reached = {
        RunLimit.DEADLINE: now >= used.deadline,
        RunLimit.STEPS: used.steps >= used.steps_max,
        RunLimit.TOKENS: used.tokens >= used.tokens_max,
        RunLimit.WALL_TIME: used.wall_s >= used.wall_s_max,
        RunLimit.TURNS: used.idle_turns >= used.idle_turns_max,
    }
    return next((limit for limit, is_reached in reached.items() if is_reached), None)
