"""What a verification found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

NAMED_MAX: Final = 200  # findings of one sort that are named; the rest is counted


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: a code word, what it is about, and a sentence."""

    code: str
    what: str
    says: str


@dataclass(slots=True)
class Report:
    """How much was checked, and what was wrong with it. Memory stays flat: see NAMED_MAX."""

    entries_sealed: int = 0
    entries_unsealed: int = 0
    seals: int = 0
    last_position: int = 0
    head_hash: str = ""
    heads_outside: int = 0
    duration_s: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Say whether nothing at all was wrong."""
        return not self.counts

    @property
    def entries_per_s(self) -> float:
        """Return how many entries were checked per second."""
        return (self.entries_sealed + self.entries_unsealed) / max(self.duration_s, 1e-9)

    def add(self, code: str, what: str, says: str) -> None:
        """Take one finding."""
        self.counts[code] += 1
        if self.counts[code] <= NAMED_MAX:
            self.findings.append(Finding(code, what, says))

    def merge(self, part: Report) -> None:
        """Take what another part of the work found and counted."""
        self.entries_sealed += part.entries_sealed
        self.entries_unsealed += part.entries_unsealed
        room = {code: NAMED_MAX - self.counts[code] for code in part.counts}
        for finding in part.findings:
            if room[finding.code] > 0:
                room[finding.code] -= 1
                self.findings.append(finding)
        self.counts.update(part.counts)

    def as_json(self) -> dict[str, Any]:
        """Return the report for machines."""
        return {
            "ok": self.is_good,
            "entries_sealed": self.entries_sealed,
            "entries_unsealed": self.entries_unsealed,
            "seals": self.seals,
            "last_position": self.last_position,
            "head_hash": self.head_hash,
            "heads_outside": self.heads_outside,
            "duration_s": round(self.duration_s, 3),
            "entries_per_s": round(self.entries_per_s),
            "counts": dict(self.counts),
            "findings": [
                {"code": found.code, "what": found.what, "says": found.says}
                for found in self.findings
            ],
            "notes": self.notes,
        }
