"""Pages of a long list by key, newest first: no COUNT, no OFFSET, the same cost on every page.

An address carries ``?before=<key>`` (older) or ``?after=<key>`` (newer).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict

M = TypeVar("M", bound=Model)
R = TypeVar("R")
S = TypeVar("S")

KEY_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where in a list somebody stands. At most one of the two is set."""

    before: int | None = None
    after: int | None = None

    @classmethod
    def from_query(cls, query: QueryDict) -> Cursor:
        """Read an address's query; what is no key is the first page."""
        before, after = _key(query.get("before", "")), _key(query.get("after", ""))
        return cls(before=before, after=None if before is not None else after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[R]):
    """Some rows, newest first, and the keys to go on from (None at an end)."""

    rows: list[R]
    older_than: int | None
    newer_than: int | None

    def map(self, read: Callable[[R], S]) -> Page[S]:
        """Return the same page with each row read into something else."""
        return Page(
            rows=[read(row) for row in self.rows],
            older_than=self.older_than,
            newer_than=self.newer_than,
        )

    def older_address(self, query: QueryDict) -> str:
        """Return the address of the older rows, keeping the filters of ``query``; "" at the end."""
        return _address(query, "before", self.older_than)

    def newer_address(self, query: QueryDict) -> str:
        """Return the address of the newer rows, keeping the filters of ``query``; "" at the end."""
        return _address(query, "after", self.newer_than)


def page_of(rows: QuerySet[M], *, cursor: Cursor, limit: int) -> Page[M]:
    """Return the page of ``rows`` (any order; it is by primary key here) at ``cursor``.

    One statement that reads at most ``limit + 1`` rows.
    """
    if cursor.after is not None:
        found = list(rows.filter(pk__gt=cursor.after).order_by("pk")[: limit + 1])
        has_newer, has_older = len(found) > limit, True
        shown = found[:limit][::-1]
    else:
        narrowed = rows if cursor.before is None else rows.filter(pk__lt=cursor.before)
        found = list(narrowed.order_by("-pk")[: limit + 1])
        has_newer, has_older = cursor.before is not None, len(found) > limit
        shown = found[:limit]
    return Page(
        rows=shown,
        older_than=shown[-1].pk if shown and has_older else None,
        newer_than=shown[0].pk if shown and has_newer else None,
    )


def _key(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        return None
    return min(int(text), KEY_MAX)


def _address(query: QueryDict, name: str, key: int | None) -> str:
    if key is None:
        return ""
    kept = query.copy()
    for old in ("before", "after"):
        kept.pop(old, None)
    kept[name] = str(key)
    return f"?{kept.urlencode()}"
