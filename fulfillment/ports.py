"""What we need of the runtime that an agent works in, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

STARTS_S_MAX: Final = 5.0  # to be told that work was taken


class RuntimeAway(Exception):
    """Nobody answers at the runtime's address; what was asked did not reach it."""


class RuntimeBusy(Exception):
    """The runtime works on as much as it can. Nothing was begun."""


class RuntimeUnsure(Exception):
    """The call went out and no answer came, or none that can be read: it may have been taken."""


class RuntimeRefused(Exception):
    """The runtime said no, and would say it again. ``code`` is ours, for people."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Work(StrEnum):
    """How far a piece of work is."""

    GOING = "going"
    STOPPING = "stopping"
    COMPLETED = "completed"  # says nothing about success: our own records of calls do
    FAILED = "failed"
    CANCELLED = "cancelled"
    GONE = "gone"  # the runtime does not know it any more: it was restarted

    @property
    def is_over(self) -> bool:
        """Say whether the runtime works on it no more, and never will."""
        return self not in (Work.GOING, Work.STOPPING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a piece of work stands. ``tokens`` is what it used so far, where the runtime knows."""

    work: Work
    tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why no work may be handed to the runtime: a word of ours, and what it is about."""

    code: str
    about: str = ""


class Runtime(Protocol):
    """The agent's runtime: it is handed a turn on one lane and works through our tools alone.

    ``session`` is our turn's reference, by which a turn can be looked for whatever became of the
    call that handed it over. Each method asks within a few seconds and repeats nothing by itself.
    Implemented by ``fulfillment.adapters.hermes``; tests/contracts/test_hermes.py holds the real
    one to it.
    """

    def faults(self) -> list[Fault]:
        """Return what speaks against handing it any work. Empty: it may have some.

        Raises RuntimeAway, RuntimeUnsure, RuntimeRefused.
        """
        ...

    def start(self, *, lane: str, session: str, words: str) -> str:
        """Hand over a turn; return the runtime's own name for it.

        Call it once for each session; where it raised RuntimeUnsure, ``look_up`` says more. Raises
        RuntimeAway, RuntimeBusy, RuntimeUnsure, RuntimeRefused.
        """
        ...

    def is_known(self, session: str, *, lane: str) -> bool:
        """Say whether a turn of that session was begun there; that is seen seconds later at most.

        Raises RuntimeAway, RuntimeUnsure, RuntimeRefused.
        """
        ...

    def status(self, runtime_id: str, *, session: str, lane: str) -> Status:
        """Return how far it is. Raises RuntimeAway, RuntimeUnsure, RuntimeRefused."""
        ...

    def stop(self, runtime_id: str) -> None:
        """Ask it to stop; ``status`` says when it did. A call that it made already still runs.

        Raises RuntimeAway, RuntimeUnsure, RuntimeRefused.
        """
        ...

    def forget(self, session: str, *, lane: str) -> None:
        """Remove what was said in a session. Idempotent.

        Raises RuntimeAway, RuntimeUnsure, RuntimeRefused.
        """
        ...
