"""Which row an entry speaks of, and the comparisons that hold both to each other.

A seal says that nothing changed after an entry was written, not that it was true. So an app says
in ``AppConfig.ready()``, for each event of a kind, which row it speaks of, or that there is none,
and brings the comparisons::

    ledger.rows.declare("audit", {"deal.moved": rows.Row("crm_deal"), "trace.revealed": None})

What is not declared cannot be recorded, and is a finding where it was written past us. The ledger
knows no table of others: it runs what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger import shapes
from ledger.enums import EntryKind


class EventUndeclared(ValueError):
    """Nobody has said which row such an entry speaks of. A programmer must: see this module."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row whose ``name`` is the subject of an entry: SQL, of a row of ``table`` called "own"."""

    table: str
    name: str = "own.reference"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One SELECT that names what differs between entries and rows, in either direction.

    It yields three texts for each difference: a code word, what it is about, and a sentence; and
    nothing where all is well. One statement sees one moment, in which an entry and its row are
    both there or neither. What SQL cannot say, a policy or a signature, ``read`` says: it is given
    the rows that ``sql`` yields, whatever they are, one by one, and yields the differences.
    """

    name: str
    sql: str
    read: Callable[[Iterable[tuple[Any, ...]]], Iterator[Finding]] | None = None


def told_then(facts: str, *later: str) -> str:
    """Return SQL: ``facts``, but for those of ``later`` that the entry does not hold.

    An entry of an earlier version says less of its row than one of today, and for good: none can be
    written anew. Name only facts that every entry of today holds.
    """
    left_out = (
        f" - CASE WHEN jsonb_exists(entry.facts, '{fact}') THEN '' ELSE '{fact}' END"
        for fact in later
    )
    return f"({facts}){''.join(left_out)}"


Finding = tuple[str, str, str]  # a code word, what it is about, a sentence
Rows = tuple[Row, ...]
_declared: Final[dict[tuple[str, str], Rows]] = {}
_comparisons: Final[dict[str, Comparison]] = {}
_moves_money: Final[set[str]] = set()


def declare(
    kind: str,
    events: Mapping[str, Row | Rows | None],
    *,
    comparisons: Iterable[Comparison] = (),
    moves_money: bool = False,
) -> None:
    """Say which row each event of ``kind`` speaks of: one of these, or None for none.

    Entries have legs only where ``moves_money`` says so, and then comparisons must hold the sums.
    Called at start-up, by as many apps as have entries of the kind. Raises ValueError where an
    event is declared in two ways, or moves money that nothing compares.
    """
    compared = {comparison.name: comparison for comparison in comparisons}
    if moves_money and not compared:
        raise ValueError(f"{kind} entries move money: a comparison must say which row moved it")
    for event, rows in events.items():
        if not shapes.EVENT.fullmatch(event):
            raise ValueError(f"{event!r} is no event")
        spoken_of = rows if isinstance(rows, tuple) else (rows,) if rows else ()
        if _declared.setdefault((EntryKind(kind).value, event), spoken_of) != spoken_of:
            raise ValueError(f"{kind} entries {event!r} already speak of another row")
    _comparisons.update(compared)
    if moves_money:
        _moves_money.add(EntryKind(kind).value)


def check(*, kind: str, event: str) -> None:
    """Raise EventUndeclared unless somebody said which row ``event`` speaks of."""
    if (kind, event) not in _declared:
        raise EventUndeclared(f"{kind} entries {event!r} were never declared: see ledger.rows")


def declared() -> dict[tuple[str, str], Rows]:
    """Return the rows that each kind and event speaks of; none of them where it speaks of none."""
    return dict(_declared)


def comparisons() -> Iterator[Comparison]:
    """Yield what the apps above brought."""
    yield from _comparisons.values()


def kinds_that_move_money() -> list[str]:
    """Return the kinds whose entries may have legs."""
    return sorted(_moves_money)
