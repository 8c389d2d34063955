"""The heads kept outside the database, walked beside the chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ledger.heads import faults
from ledger.models import Seal
from ledger.ports import Head, HeadsUnreadable
from ledger.queries.seals import differs_from
from ledger.queries.verification.keys import Keys
from ledger.queries.verification.report import Report

LATE_AFTER: Final = timedelta(minutes=5)


@dataclass(slots=True)
class Heads:
    """Each head is held against itself, the one before it, and the seal that it names."""

    source: Iterator[Head] | None  # None: they are not compared
    report: Report
    keys: Keys
    newest: Head | None = None
    is_whole: bool = True  # all that is kept could be read
    _next: Head | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._step()

    def _step(self) -> None:
        """Go on to the next head. Its key is known by it, not trusted for it."""
        previous = self._next
        try:
            self._next = next(self.source, None) if self.source else None
        except HeadsUnreadable as error:
            self.report.add(error.code, "seals log", str(error))
            self._next, self.is_whole = None, False
        if self._next is None:
            return
        for code, says in faults(previous, self._next):
            self.report.add(code, f"seal {self._next.number}", says)
        self.report.heads_outside += 1
        self.newest = self._next
        self.keys.learn(self._next.public_key)

    def compare(self, seal: Seal, *, is_sound: bool) -> None:
        """Compare ``seal`` with the head that was kept of it."""
        while self._next and self._next.number <= seal.number:
            if self._next.number == seal.number:
                self._hold_against(self._next, seal, is_sound=is_sound)
            self._step()

    def _hold_against(self, head: Head, seal: Seal, *, is_sound: bool) -> None:
        name = f"seal {seal.number}"
        if head.seal_hash != bytes(seal.seal_hash):
            says = f"{name} is not the seal that was published under this number"
            self.report.add("head_differs", name, says)
        elif is_sound and differs_from(head, seal):
            says = f"the head kept of {name} says other than what was signed"
            self.report.add("head_changed", name, says)

    def finish(self, last: Seal | None, *, now: datetime) -> None:
        """Compare both ends."""
        if self.source is None:
            return
        end, end_position = (last.number, last.last_position) if last else (0, 0)
        while self._next:
            self._step()
        if self.newest and self.newest.number > end:
            says = (
                f"the chain ends at seal {end}, position {end_position}, but seal "
                f"{self.newest.number}, position {self.newest.last_position}, was published: "
                f"{self.newest.last_position - end_position} entries are gone"
            )
            self.report.add("tail_removed", f"seal {self.newest.number}", says)
        published = self.newest.number if self.newest else 0
        if not self.is_whole or last is None:
            return
        if not published and end > 1:
            says = f"no head is kept outside the database, of {end} seals"
            self.report.add("heads_gone", "seals log", says)
        elif published < end and last.sealed_at < now - LATE_AFTER:
            says = f"seals {published + 1} to {end} were never published outside the database"
            self.report.add("head_not_published", f"seal {end}", says)
