"""What is kept about a person, and how it is blanked: each app registers an eraser of its own.

``AppConfig.ready`` registers it; whoever erases a person (``erase_subject``) asks one after the
other, the lower apps first, and knows no table of theirs. An eraser opens no transaction.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whose data it is: the address that was asked for, as it is written here, and their rows."""

    email: str
    emails: frozenset[str]
    rows: Mapping[str, Sequence[int]]  # primary keys, by table


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredData:
    """One kind of thing that holds words about a person: references or a number, never words."""

    what: str
    refs: Sequence[str] = ()
    count: int = 0  # of what has no references
    stands_for_person: bool = False
    is_claimed: bool = False  # nobody verified that it is theirs; it comes last

    def __str__(self) -> str:
        return ", ".join(self.refs) or str(self.count or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureResult:
    """What was done: the references of rows that stay, and how many there were of each count."""

    refs: Sequence[str]
    counts: Counts


class Eraser(ABC):
    """One app's part. What is under way may stand in the way; what is done is done again safely."""

    # The columns by table that lose what they say about a person, or go with their row.
    erases: ClassVar[Mapping[str, frozenset[str]]]
    counts: ClassVar[Sequence[str]] = ()  # what it counts; the app allows the ledger these facts

    def is_known_as(self, _text: str) -> bool:
        """Say whether somebody is kept under exactly this text, be it an address or not."""
        return False

    @abstractmethod
    def recognise(self, person: Person) -> Person:
        """Return ``person`` with all that this app knows them by, and their rows here."""

    @abstractmethod
    def kept(self, person: Person) -> Sequence[StoredData]:
        """Return what is kept about them."""

    def in_the_way(self, _person: Person) -> Sequence[str]:
        """Return what must end first, a sentence each."""
        return ()

    def still_open(self, _person: Person) -> Sequence[str]:
        """Return by what they may become known again, a sentence each."""
        return ()

    def batches(self, _person: Person, _now: datetime) -> Iterator[Callable[[], Counts]]:
        """Yield what is too much for one transaction; each is called in one of its own, before."""
        yield from ()

    def lock(self, _person: Person) -> None:  # noqa: B027  # most need none
        """Hold what others would write about them, before ``in_the_way`` is asked again."""

    @abstractmethod
    def blank(self, person: Person, now: datetime) -> ErasureResult:
        """Blank the rest, in the caller's transaction. Repeating finds only what came since."""


_erasers: Final[list[Eraser]] = []


def register(eraser: Eraser) -> None:
    """Say what an app blanks. Called at start-up. Raises ValueError for a table of two erasers."""
    for other in _erasers:
        if both := sorted(other.erases.keys() & eraser.erases.keys()):
            raise ValueError(f"{', '.join(both)}: erased in two ways")
    _erasers.append(eraser)


def erasers() -> Iterator[Eraser]:
    """Yield them, the lower apps first: settings name the apps from above."""
    yield from reversed(_erasers)
