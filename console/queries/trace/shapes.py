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


class Standing(StrEnum):
    """How far one stage has come."""

    DONE = "done"
    WAITING = "waiting"
    STOPPED = "stopped"
    MISSING = "missing"
    SKIPPED = "skipped"
    AHEAD = "not reached yet"
    LATER = "not part of this version"


LOOKS = {
    Standing.DONE: "",
    Standing.WAITING: "now",
    Standing.STOPPED: "missing",
    Standing.MISSING: "missing",
    Standing.SKIPPED: "later",
    Standing.AHEAD: "later",
    Standing.LATER: "later",
}


STANDINGS: Final[Mapping[str, OperatorWords]] = {
    Standing.DONE: OperatorWords(tone="ok", badge=Standing.DONE),
    Standing.WAITING: OperatorWords(tone="wait", badge=Standing.WAITING),
    Standing.STOPPED: OperatorWords(tone="bad", badge=Standing.STOPPED),
    Standing.MISSING: OperatorWords(tone="bad", badge=Standing.MISSING),
    Standing.SKIPPED: OperatorWords(tone="off", badge=Standing.SKIPPED),
    Standing.AHEAD: OperatorWords(tone="off", badge=Standing.AHEAD),
    Standing.LATER: OperatorWords(tone="off", badge=Standing.LATER),
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
    standing: Standing
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
        if self.standing == Standing.LATER and self.records:
            return "now"
        return LOOKS[self.standing]

    @property
    def state_words(self) -> OperatorWords | None:
        """Return what its standing says; nothing where all is done."""
        return None if self.standing == Standing.DONE else STANDINGS[self.standing]

    @property
    def is_whole(self) -> bool:
        """Say whether nothing is missing here: done without a gap, or rightly skipped."""
        return self.standing in (Standing.DONE, Standing.SKIPPED) and not self.gaps


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
