"""One sale as the trace tells it: stages, records, attempts, gaps. No personal data has a place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from console.addresses import address_of
from kernel.money import Money
from kernel.state_words import OperatorWords


class StageState(StrEnum):
    """How far one stage has come."""

    DONE = "done"
    WAITING = "waiting"
    STOPPED = "stopped"
    MISSING = "missing"
    SKIPPED = "skipped"
    AHEAD = "not reached yet"
    LATER = "not part of this version"


LOOKS = {
    StageState.DONE: "",
    StageState.WAITING: "now",
    StageState.STOPPED: "missing",
    StageState.MISSING: "missing",
    StageState.SKIPPED: "later",
    StageState.AHEAD: "later",
    StageState.LATER: "later",
}


STAGE_STATES: Final[Mapping[str, OperatorWords]] = {
    StageState.DONE: OperatorWords(tone="ok", badge=StageState.DONE),
    StageState.WAITING: OperatorWords(tone="wait", badge=StageState.WAITING),
    StageState.STOPPED: OperatorWords(tone="bad", badge=StageState.STOPPED),
    StageState.MISSING: OperatorWords(tone="bad", badge=StageState.MISSING),
    StageState.SKIPPED: OperatorWords(tone="off", badge=StageState.SKIPPED),
    StageState.AHEAD: OperatorWords(tone="off", badge=StageState.AHEAD),
    StageState.LATER: OperatorWords(tone="off", badge=StageState.LATER),
}


class Dated(Protocol):
    """Whatever happened at a time, if it is known."""

    @property
    def at(self) -> datetime | None:
        """Return when."""


D = TypeVar("D", bound=Dated)


def with_new_days(rows: Iterable[D], *, after: datetime | None) -> list[tuple[D, bool]]:
    """Return each row, and whether it begins another day (UTC) than the row before.

    ``after`` is the time that people read before the first row; None where there is none.
    """
    lines, day = [], after.astimezone(UTC).date() if after else None
    for row in rows:
        own_day = row.at.astimezone(UTC).date() if row.at else day
        lines.append((row, own_day != day))
        day = own_day
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at acting on an event of Stripe's."""

    source: str
    at: datetime
    duration_ms: int
    outcome: str
    error: str  # the error's class; its words may be anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row of the sale: what it is, its reference, and what it says in a few words."""

    what: str
    reference: str
    at: datetime | None
    mode: str
    state: str = ""
    state_words: OperatorWords | None = None
    says: str = ""
    amount: Money | None = None
    attempts: Sequence[Attempt] = ()
    is_quiet: bool = False  # kept for completeness; folded away where people read

    @property
    def address(self) -> str:
        """Return the page that shows the record; "" where only the trace does."""
        address = address_of(self.reference)
        return "" if "/trace/" in address else address

    @property
    def attempt_lines(self) -> list[tuple[Attempt, bool]]:
        """Return the attempts, and which of them begin another day than what stands above."""
        return with_new_days(self.attempts, after=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One of the eight stages of a sale."""

    number: int
    title: str
    state: StageState
    sentence: str
    at: datetime | None = None
    records: Sequence[Record] = ()
    gaps: Sequence[str] = ()  # what should be there and is not

    @property
    def lines(self) -> list[tuple[Record, bool]]:
        """Return the records that people read, and which of them begin another day."""
        read = (record for record in self.records if not record.is_quiet)
        return with_new_days(read, after=self.at)

    @property
    def quiet(self) -> list[Record]:
        """Return the records that are folded away."""
        return [record for record in self.records if record.is_quiet]

    @property
    def quiet_lines(self) -> list[tuple[Record, bool]]:
        """Return the records that are folded away, and which of them begin another day."""
        return with_new_days(self.quiet, after=self.at)

    @property
    def look(self) -> str:
        """Return how the stage is drawn: "", "now", "missing" or "later" (grey)."""
        if self.state == StageState.LATER and self.records:
            return "now"
        return LOOKS[self.state]

    @property
    def state_words(self) -> OperatorWords | None:
        """Return what its state says; nothing where all is done."""
        return None if self.state == StageState.DONE else STAGE_STATES[self.state]

    @property
    def is_whole(self) -> bool:
        """Say whether nothing is missing here: done without a gap, or rightly skipped."""
        return self.state in (StageState.DONE, StageState.SKIPPED) and not self.gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One ledger entry of the sale, and its place under the seals."""

    reference: str
    event: str
    words: str  # the same, for people
    subject: str
    at: datetime
    legs: Sequence[tuple[str, Money]]
    position: int | None  # None while no seal covers it


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One sale, from first visit to proof."""

    reference: str
    title: str
    modes: Sequence[str]
    stages: Sequence[Stage]
    entries: Sequence[Entry]

    @property
    def entry_lines(self) -> list[tuple[Entry, bool]]:
        """Return the ledger's entries, and which of them begin another day."""
        return with_new_days(self.entries, after=None)

    @property
    def is_whole(self) -> bool:
        """Say whether every stage that this version has (1 to 4) is there, without a gap."""
        return all(stage.is_whole for stage in self.stages if stage.number <= STAGES_HERE)

    @property
    def is_mixed(self) -> bool:
        """Say whether records of more than one mode hang together, which must never be."""
        return len(self.modes) > 1

    @property
    def is_paid(self) -> bool:
        """Say whether money came, so that the ledger should know of it."""
        return any(stage.number == STAGES_HERE and stage.at for stage in self.stages)

    @property
    def unsealed(self) -> int:
        """Return how many of the entries no seal covers yet."""
        return sum(entry.position is None for entry in self.entries)

    @property
    def gaps(self) -> list[str]:
        """Return everything that is missing, stage by stage."""
        return [gap for stage in self.stages for gap in stage.gaps]


STAGES_HERE = 4  # the stages that this version has in full
