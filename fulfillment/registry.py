"""Who is told when a document is released: the app above that knows its reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol


class Told(Protocol):
    """What an app does with the release, in its transaction."""

    def __call__(self, *, order_id: int, deliverable_ref: str, now: datetime) -> None:
        """Let the order's buyer know."""


_told: Final[list[Told]] = []


def on_release(told: Told) -> Callable[..., None]:
    """Register ``told``; the same one twice is once."""
    if told not in _told:
        _told.append(told)
    return told


def tell_released(*, order_id: int, deliverable_ref: str, now: datetime) -> None:
    """Tell each of them, in the caller's transaction."""
    for told in _told:
        told(order_id=order_id, deliverable_ref=deliverable_ref, now=now)
