"""What waits for a person, of each kind that an app registers, asked in one statement.

An app registers its kinds from ``AppConfig.ready``; pages and doctor read this one list and no
table of others. Every kind is cut off, nothing is counted further.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import connection

from kernel.money import Money

if TYPE_CHECKING:  # apps register kinds before there are models
    from django.contrib.auth.models import User

COUNTED_MAX: Final = 100  # of each kind; more is "99+"
COLUMNS: Final = (
    *("handle", "reference", "detail", "mode", "amount_minor", "currency", "at", "due_at"),
    "assigned_to",
)
Statement = tuple[str, Sequence[Any]]  # SQL and its parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingKind:
    """One kind of what waits: a lasting ``id``, and a SELECT of ``COLUMNS`` in this order.

    The SELECT leaves sample data out, begins with what presses most and ends at COUNTED_MAX. A
    percent sign in it is doubled.
    """

    id: str
    select: Callable[[], Statement]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalKind:
    """Like ``WaitingKind``, for what waits for one person: None where nothing can for them."""

    id: str
    select: Callable[[User], Statement | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingItem:
    """One thing that a person has to look at."""

    what: str
    handle: str  # of the alert or dispute behind it; "" where the reference says all
    reference: str
    detail: str
    mode: str
    amount: Money | None
    at: datetime
    due_at: datetime | None = None  # when a dispute's answer is due at Stripe
    assigned_to: str = ""  # whose alert it is


_known: Final[dict[str, WaitingKind | PersonalKind]] = {}


def register(*kinds: WaitingKind | PersonalKind) -> None:
    """Say what may wait. Called at start-up. Raises ValueError for one id in two ways."""
    for kind in kinds:
        if _known.setdefault(kind.id, kind) != kind:
            raise ValueError(f"what waits as {kind.id} is registered in two ways")


def items(person: User | None = None) -> list[WaitingItem]:
    """Return what waits for people, at most COUNTED_MAX of each kind. One statement.

    With a ``person`` also what waits for nobody but whoever may do what they may.
    """
    return [
        WaitingItem(
            what=what,
            handle=handle,
            reference=reference,
            detail=detail,
            mode=mode,
            amount=Money(minor, currency) if minor is not None and currency else None,
            at=at,
            due_at=due_at,
            assigned_to=assigned_to,
        )
        for (
            *(what, handle, reference, detail, mode, minor, currency, at, due_at),
            assigned_to,
        ) in _rows("SELECT * FROM ({waiting}) waiting", person)
    ]


def numbers(person: User | None = None) -> dict[str, int]:
    """Return how much waits, by kind and up to COUNTED_MAX of each. One statement."""
    return dict(_rows("SELECT what, count(*) FROM ({waiting}) waiting GROUP BY what", person))


def _rows(sql: str, person: User | None) -> list[tuple[Any, ...]]:
    parts, values = [], list[Any]()
    for kind in _known.values():
        if isinstance(kind, WaitingKind):
            statement: Statement | None = kind.select()
        else:
            statement = kind.select(person) if person is not None else None
        if statement is None:
            continue
        select, of_kind = statement
        parts.append(f"SELECT '{kind.id}' AS what, * FROM ({select}) kind ({', '.join(COLUMNS)})")  # noqa: S608  # ours
        values.extend(of_kind)
    with connection.cursor() as cursor:
        cursor.execute(sql.format(waiting=" UNION ALL ".join(parts)), values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
