"""What the database itself must hold, so that no code of ours can break it.

Each app registers its promises from ``AppConfig.ready``, built by ``kernel.schema``, whose steps
make them in a migration; ``kernel.guard_check`` compares what is registered with what is there. A
guard is defined in the words in which Postgres prints it: the text that makes it also finds it
again, and nothing that replaced it passes for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a guard is to Postgres."""

    FUNCTION = "function"
    TRIGGER = "trigger"
    CONSTRAINT = "constraint"
    UNIQUE = "unique index"
    REFERENCE = "foreign key"
    RULE = "rule"  # rewrites statements; we have none


_DROP: Final = {
    Kind.TRIGGER: "DROP TRIGGER IF EXISTS {name} ON {table}",
    Kind.RULE: "DROP RULE IF EXISTS {name} ON {table}",
    Kind.CONSTRAINT: "ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}",
}


@dataclass(frozen=True, slots=True, order=True)
class Guard:
    """One thing that must stand; ``definition`` as Postgres prints it; "" says nothing of it."""

    kind: Kind
    table: str  # "" for a function
    name: str
    definition: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}{self.table and f' of {self.table}'}"

    @property
    def key(self) -> tuple[Kind, str, str]:
        """Return what it is found by."""
        return self.kind, self.table, self.name

    @property
    def create(self) -> list[str]:
        """Return the SQL that makes it, a function also in place of another; none if unknown.

        Of a unique index only its migration knows whether a constraint stands before it.
        """
        if self.kind == Kind.UNIQUE:
            return []
        if self.kind == Kind.CONSTRAINT and self.definition:
            return [f"ALTER TABLE {self.table} ADD CONSTRAINT {self.name} {self.definition}"]
        return [self.definition] if self.definition else []

    @property
    def drop(self) -> list[str]:
        """Return the SQL that takes it away; none for a function, which others may call."""
        form = _DROP.get(self.kind)
        return [form.format(table=self.table, name=self.name)] if form else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Guards that promise one thing about a table together, each after those that it needs.

    ``changeable`` says which columns may change where rows stay; None where rows may go.
    ``erasable`` are those among them that hold words about a person, and may only be blanked.
    """

    table: str
    guards: tuple[Guard, ...]
    changeable: Callable[[str], bool] | None = None
    erasable: frozenset[str] = frozenset()


_promises: Final[dict[tuple[Guard, ...], Promise]] = {}


def register(*promises: Promise) -> None:
    """Say what must stand. Called at start-up. Raises ValueError for a guard in two ways."""
    named = {guard.key: guard for guard in declared()}
    for promise in promises:
        for guard in promise.guards:
            if named.setdefault(guard.key, guard) != guard:
                raise ValueError(f"{guard} is declared in two ways")
        _promises[promise.guards] = promise


def forget(*promises: Promise) -> None:
    """Take back what ``register`` was told of tables that are gone."""
    for promise in promises:
        del _promises[promise.guards]


def declared() -> set[Guard]:
    """Return every guard that somebody registered."""
    return {guard for promise in _promises.values() for guard in promise.guards}


def changeable(table: str) -> Callable[[str], bool] | None:
    """Return what says which columns of ``table`` may change; None where its rows may go."""
    kept = [each.changeable for each in _promises.values() if each.table == table]
    return next((each for each in kept if each), None)


def erasable() -> dict[str, frozenset[str]]:
    """Return the columns that may only be blanked, by table."""
    return {each.table: each.erasable for each in _promises.values() if each.erasable}
