"""How long the oldest piece of due work has been waiting, in the words that people read."""

from __future__ import annotations

from datetime import datetime

from kernel import due_work
from kernel.due_work import LAG_MAX

__all__ = ["LAG_MAX", "lag", "lagging"]


def lag(now: datetime) -> dict[str, float]:
    """Return, per kind of work, how many seconds its oldest due row has waited; 0.0 where none.

    Work that is leased is not due before its lease ends; an alert that this hour's mails left no
    room for is not due before they do.
    """
    kinds = due_work.known()
    return {kinds[kind].words: waited_s for kind, waited_s in due_work.waits(now).items()}


def lagging(now: datetime) -> dict[str, float]:
    """Return the kinds of work whose oldest due row has waited longer than ``LAG_MAX``."""
    kinds = due_work.known()
    return {kinds[kind].words: waited_s for kind, waited_s in due_work.late(now).items()}
