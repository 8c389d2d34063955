"""Whoever comes with a token that nobody has: how often, before their tokens are looked up no more.

A look-up costs a thread and a statement, so that enough of them from anybody who reaches the port
would shut out those who have a token. Kept in each process for a minute, bounded in size. A token
that was good before is always looked up; another one, from where many wrong ones came, waits until
the minute is over.
"""

from __future__ import annotations

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Final

FROM_ONE_ADDRESS_MAX: Final = 30  # wrong tokens a minute
FROM_ALL_MAX: Final = 600
KNOWN_MAX: Final = 1_000
PERIOD_S: Final = 60.0


class Strangers:
    """The wrong tokens of this minute by address, and the good ones that were seen lately."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._began_s = clock_s()
        self._wrong: Counter[str] = Counter()  # at most FROM_ALL_MAX addresses: one count each
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def wait_s(self, address: str, token: str) -> int | None:
        """Return in how many seconds ``token`` may come again; None where it is looked up now."""
        if _short(token) in self._known:
            return None
        left_s = self._began_s + PERIOD_S - self._clock_s()
        if left_s <= 0:
            self._began_s, left_s = self._clock_s(), PERIOD_S
            self._wrong.clear()
        is_full = self._wrong[address] >= FROM_ONE_ADDRESS_MAX
        return int(left_s) + 1 if is_full or self._wrong.total() >= FROM_ALL_MAX else None

    def note(self, address: str, token: str, *, is_known: bool) -> None:
        """Remember what the look-up said."""
        if not is_known:
            self._wrong[address] += 1
            self._known.pop(_short(token), None)
            return
        self._known[_short(token)] = None
        self._known.move_to_end(_short(token))
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)


def _short(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()[:16]
