"""What accompanies the recording of facts: how and when they came, and what they changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from kernel.failures import Permanent
from kernel.modes import Mode
from revenue.enums import Source


class CauseMissing(Exception):
    """A fact arrived before its cause: a refund before its payment. ``cause`` is Stripe's id."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Unrecordable(Permanent):
    """A fact that no later try could record either: ``field: reason``, without personal data."""


@dataclass(slots=True, kw_only=True)
class RecordingContext:
    """One attempt at recording facts: the circumstances going in, the changes coming out."""

    mode: Mode
    source: Source
    now: datetime
    occurred_at: datetime
    event_id: int | None = None
    changes: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    order_id: int | None = None
    trace_ref: str = ""

    @classmethod
    def of_decision(cls, *, mode: str, now: datetime) -> RecordingContext:
        """Return the context of what a person decides: it happens as it is recorded."""
        return cls(mode=Mode(mode), source=Source.DECISION, now=now, occurred_at=now)

    def about(self, *, order_id: int | None, trace_ref: str) -> None:
        """Remember which sale this was about."""
        self.order_id, self.trace_ref = order_id, trace_ref

    def changed(self, sentence: str) -> None:
        """Remember one change, in words without personal data."""
        self.changes.append(sentence)

    def doubted(self, sentence: str) -> None:
        """Remember why a person must look at what is recorded here all the same."""
        self.doubts.append(sentence)
