"""Row → somebody outside → row: what a call made is written down once, by whoever may say so.

The row is committed before the call, and its reference is the call's idempotency key. Whoever made
the row calls first. Where no answer came, a sweep claims the row and finds out. What is written
carries the lease's token (``kernel.leases``), so that whoever comes late writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from kernel.leases import Leased
from kernel.retries import Refused

NEVER_MADE: Final = "never_made"  # they were asked, and know of no such thing

Clock = Callable[[], datetime]
A = TypeVar("A")
R = TypeVar("R", bound=Leased)


class NotMade(Exception):
    """What was asked for does not exist: they weighed a call and said no, or know of none."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def made_by(call: Callable[[], A], *, is_first: bool) -> A:
    """Return what ``call`` made. Raises NotMade where that is certain, else CallFailed.

    ``is_first`` says that nobody can have made the call before. Where somebody may have, a refusal
    is certain only if it says so of the earlier one too.
    """
    try:
        return call()
    except Refused as refusal:
        if is_first or refusal.is_proof:
            raise NotMade(refusal.code) from refusal
        raise


def found_out(call: Callable[[], A], *, find: Callable[[], A | None], may_repeat: bool) -> A:
    """Return what an earlier call made, of which nobody heard. Raises NotMade, else CallFailed.

    The same call is repeated where it ``may_repeat``: it answers as it did, or does now what never
    arrived. Elsewhere repeating might make a second one, so ``find`` looks for the first.
    """
    if may_repeat:
        return made_by(call, is_first=False)
    found = find()
    if found is None:
        raise NotMade(NEVER_MADE)
    return found


def look_after_due(
    due: Iterable[R], *, look_after: Callable[[R], None], clock: Clock, lease: timedelta
) -> int:
    """Claim each row of ``due`` that is free, and look after it. Returns how many were."""
    done = 0
    for row in due:
        if row.take_lease(now=clock(), lease=lease):
            done += 1
            look_after(row)
    return done
