"""What is decided about decisions without looking anything up."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from approvals.enums import Factor
from kernel.modes import Mode

WRONG_TRIES_MAX: Final = 5
LOCKED_FOR: Final = timedelta(minutes=15)

CONFIRM_REAL_MONEY: Final = frozenset({Factor.CODE, Factor.PASSKEY})


def is_strong_enough(factor: str, *, mode: str) -> bool:
    """Say whether a decision proved by ``factor`` may set something in motion in that mode."""
    return mode != Mode.LIVE or factor in CONFIRM_REAL_MONEY


def is_enough(*, people: int, owners: int, needed: int) -> bool:
    """Say whether so many approvals, so many of them by owners, are what was asked for.

    A chain of zero people is never enough. Where two are needed, one of them is an owner.
    """
    if needed < 1 or people < needed:
        return False
    return needed == 1 or owners >= 1
