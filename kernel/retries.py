"""Trying again: pauses that grow, a number of tries that ends, and what may be repeated at all.

A row that is tried again keeps how often it was tried and when it is next due. A worker that died
is no reason to wait: that is what leases are for (``kernel.leases``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

ATTEMPT_LAST: Final = 32_767  # the largest number in a PositiveSmallIntegerField
SERVER_ERROR: Final = "http_"  # how the code of a 5xx begins
_DOUBLINGS_MAX: Final = 20


class CallFailed(Exception):
    """A call to somebody outside did not end well. ``code`` may be kept and logged: no secrets."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Refused(CallFailed):
    """They answered: no. Nothing happened there because of this call.

    ``is_proof`` says that nothing had happened by an earlier call with the same key either: they
    weighed what was asked, and did not merely turn us away.
    """

    def __init__(self, code: str, *, is_proof: bool = True) -> None:
        super().__init__(code)
        self.is_proof = is_proof


class Unknown(CallFailed):
    """No answer, or none that says what happened. It may have: look before you repeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """The pauses between tries: ``first``, then doubling up to ``longest``.

    After ``attempts_max`` tries a person is asked; with None something else ends them.
    """

    first: timedelta
    longest: timedelta
    attempts_max: int | None = None

    def after(self, attempts: int) -> timedelta:
        """Return how long to wait after the ``attempts``-th try."""
        doublings: int = 2 ** min(max(attempts - 1, 0), _DOUBLINGS_MAX)
        return min(self.first * doublings, self.longest)

    def is_over(self, attempts: int) -> bool:
        """Say whether there is no try after the ``attempts``-th."""
        return self.attempts_max is not None and attempts >= self.attempts_max


def next_attempt(attempts: int) -> int:
    """Return the number of the try after ``attempts``; it stops where its column does."""
    return min(attempts + 1, ATTEMPT_LAST)


def may_repeat(*, made_at: datetime, last_error: str, key_kept: timedelta, now: datetime) -> bool:
    """Say whether the call of a row made at ``made_at`` may be sent again with the same key.

    Not once the vendor may have forgotten the key, which it remembers for ``key_kept``, and not
    after a 5xx: that answer would only be replayed.
    """
    return now - made_at < key_kept and not last_error.startswith(SERVER_ERROR)


def error_to_keep(*, known: str, new: str) -> str:
    """Return which of two errors a row remembers: a 5xx, whatever came after it."""
    return known if known.startswith(SERVER_ERROR) else new
