"""How much may still be spent under a cap: arithmetic, and nothing else. Imports no Django.

A cap is for one family of operations, one currency and one mode, and nothing is converted, so all
amounts here are whole minor units of one currency. What a vendor gives back changes nothing: money
that went out was spent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """Whose spending a cap holds."""

    ACCOUNT = "account"
    PROJECT = "project"
    RUN = "run"


class Window(StrEnum):
    """How far back what was captured still counts."""

    DAY = "24h"
    MONTH = "30d"
    LIFETIME = "lifetime"

    @property
    def length(self) -> timedelta | None:
        """Return how long it is; None: it never ends."""
        return _LENGTHS[self]


_LENGTHS: Final = {
    Window.DAY: timedelta(hours=24),
    Window.MONTH: timedelta(days=30),
    Window.LIFETIME: None,
}
_WORDS: Final = {Window.DAY: ", 24 hours", Window.MONTH: ", 30 days", Window.LIFETIME: ""}
SCOPES: Final = frozenset(Scope)  # a spend needs a cap of each


def words(scope: Scope, window: Window) -> str:
    """Return which cap it is, as people read it: ``Project, 24 hours``."""
    return f"{scope.value.capitalize()}{_WORDS[window]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """Money that a provider says was taken; ``at`` is the provider's time."""

    amount_minor: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """One spend as caps see it: what is still reserved for it, and what was captured.

    A reservation counts at any age, until its outcome is known. A capture that nobody authorised
    is one of a spend that has no reservation.
    """

    ref: str
    reserved_minor: int = 0
    captures: tuple[Capture, ...] = ()


def is_inside(window: Window, at: datetime, *, now: datetime) -> bool:
    """Say whether what was captured ``at`` counts in the ``window`` that ends ``now``.

    What is exactly as old as the window is long is outside.
    """
    length = window.length
    return length is None or now - at < length


def counted_minor(
    spends: Iterable[Spend], *, window: Window, now: datetime, own_ref: str | None = None
) -> int:
    """Return what ``spends`` take of a cap; the reservation of ``own_ref`` is not counted."""
    return sum(
        (0 if spend.ref == own_ref else spend.reserved_minor)
        + sum(
            capture.amount_minor
            for capture in spend.captures
            if is_inside(window, capture.at, now=now)
        )
        for spend in spends
    )


def headroom_minor(*, limit_minor: int, counted_minor: int) -> int:
    """Return what is left; below zero where more was captured than the cap allows."""
    return limit_minor - counted_minor


def fits(*, ceiling_minor: int, headroom_minor: int) -> bool:
    """Say whether a call fits with all that it can cost. Exactly the headroom fits."""
    return ceiling_minor <= headroom_minor


def still_reserved_minor(*, ceiling_minor: int, captured_minor: int, is_closed: bool) -> int:
    """Return what stays reserved of a ceiling: what may yet be captured, until that is closed."""
    return 0 if is_closed else max(0, ceiling_minor - captured_minor)


def funded_headroom_minor(*, share_percent: int, funded_minor: int, run_minor: int) -> int:
    """Return what a run may still spend of its funding: the owner's share of it, less its spends.

    ``funded_minor`` is paid less refunded and disputed, in the same currency and mode;
    ``run_minor`` is what its lifetime cap counts. A fraction of a minor unit is not there.
    """
    return funded_minor * share_percent // 100 - run_minor
