"""State moves: a table of edges, and one compare-and-swap that walks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from django.db import models

from kernel.statements import update_where

Moves = Mapping[str, frozenset[str]]


class IllegalMove(Exception):
    """The table has no such edge. The caller asked for something that cannot happen."""


class LostRace(Exception):
    """Somebody else moved the row first. Read it again and decide anew."""


class Stateful(models.Model):
    """A row whose state changes only along ``MOVES`` and only through ``move``.

    The column is called ``state``; a subclass whose field has an older name (a deal's ``stage``)
    says so in ``STATE_FIELD``.
    """

    MOVES: ClassVar[Moves]
    STATE_FIELD: ClassVar[str] = "state"

    class Meta:
        abstract = True

    def move(self, to: str, **changes: object) -> Self:
        """Move to ``to`` and write ``changes`` in the same UPDATE.

        The WHERE clause carries the state we read, so two workers cannot both win, with or
        without a row lock. Raises IllegalMove when the table forbids it, LostRace when we were
        late; the row in memory is then untouched.
        """
        source = self.require_move(to)
        written = {self.STATE_FIELD: to, **changes}
        where = {"pk": self.pk, self.STATE_FIELD: source}
        if update_where(type(self), where=where, written=written) == 0:
            raise LostRace(f"{self!r} left {source} before us")
        for name, value in written.items():
            setattr(self, name, value)
        return self

    def begin(self, state: str) -> None:
        """Say in which state a row will be inserted. Raises IllegalMove once it was."""
        if not self._state.adding:
            raise IllegalMove(f"{self!r} was inserted already: it moves to {state}, or not at all")
        setattr(self, self.STATE_FIELD, state)

    def assign(self, **changes: object) -> None:
        """Set ``changes`` on the row in memory. Raises IllegalMove where one is its state."""
        if self.STATE_FIELD in changes:
            raise IllegalMove(f"{self!r}: a state is written by move")
        for name, value in changes.items():
            setattr(self, name, value)

    def write(self, **changes: object) -> None:
        """Write ``changes`` without a move. Raises IllegalMove where one is its state."""
        self.assign(**changes)
        update_where(type(self), where={"pk": self.pk}, written=changes)

    def require_move(self, to: str) -> str:
        """Return where the row stands; raise IllegalMove unless it may move ``to`` from there."""
        source: str = getattr(self, self.STATE_FIELD)
        if to not in self.MOVES[source]:
            raise IllegalMove(f"{self!r}: {source} -> {to}")
        return source

    def can_move(self, to: str) -> bool:
        """Say whether the table has an edge from where the row stands to ``to``."""
        return to in self.MOVES[getattr(self, self.STATE_FIELD)]
