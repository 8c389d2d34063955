"""How long the oldest piece of due work has waited, of each kind that an app registers.

An app says from ``AppConfig.ready`` when the oldest row of its kinds of work is due, or since when
a vendor owes an answer; who asks what lags (``readyz``, doctor, watch, dashboard) reads this one
list and no table of others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

LAG_MAX: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWork:
    """One kind of work: a lasting ``id``, what people call it, and a SELECT of one due time.

    ``oldest_due`` yields no row or null where nothing waits; the first row of a small index. Where
    a vendor is waited for it is the time of the oldest question.
    """

    id: str
    words: str
    oldest_due: str
    lag_max: timedelta = LAG_MAX
    vendor: str = ""  # who owes the answer; "" where a process of ours does the work
    listed_at: tuple[str, str] | None = None  # URL name and query of the list that shows it


_known: Final[dict[str, DueWork]] = {}


def register(*kinds: DueWork) -> None:
    """Say what may lag. Called at start-up. Raises ValueError for one id in two ways."""
    for kind in kinds:
        if _known.setdefault(kind.id, kind) != kind:
            raise ValueError(f"due work {kind.id} is registered in two ways")


def known() -> Mapping[str, DueWork]:
    """Return what was registered, by id."""
    return dict(_known)


def waits(now: datetime) -> dict[str, float]:
    """Return, by id, how many seconds the oldest due row has waited; 0.0 where none does.

    One statement, which sees one moment.
    """
    asked = [f"SELECT '{kind.id}', ({kind.oldest_due})" for kind in _known.values()]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        oldest = dict(cursor.fetchall())
    return {
        kind: 0.0 if at is None else max(0.0, (now - at).total_seconds())
        for kind, at in oldest.items()
    }


def late(now: datetime) -> dict[str, float]:
    """Return, by id, what has waited longer than its ``lag_max``, and for how many seconds."""
    return {
        kind: waited_s
        for kind, waited_s in waits(now).items()
        if waited_s > _known[kind].lag_max.total_seconds()
    }


def of_our_processes(waits_s: Mapping[str, float]) -> dict[str, float]:
    """Return what of these waits for a process of ours, and not for a vendor's answer."""
    return {kind: waited_s for kind, waited_s in waits_s.items() if not _known[kind].vendor}
