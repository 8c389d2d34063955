"""Counting what anybody can cause, without letting anybody cause a statement."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db import DatabaseError, InterfaceError, connections

logger = logging.getLogger(__name__)

FIRST_AFTER_S: Final = 1.0  # what comes together is written together


@dataclass(frozen=True, slots=True)
class Count:
    """How often something happened, and when first and last."""

    times: int
    first_at: datetime
    last_at: datetime

    def and_more(self, other: Count) -> Count:
        """Return both together."""
        return Count(
            self.times + other.times,
            min(self.first_at, other.first_at),
            max(self.last_at, other.last_at),
        )


class Tally:
    """Counts in this process; a thread of its own keeps them, at most once per ``every_s``.

    ``add`` returns at once and asks nobody. ``what`` is one of a few words, never a visitor's.
    ``keep`` writes to the database; where that is away, what was counted is kept for the next time.
    A process that ends loses what it counted since it wrote last. With ``every_s`` 0 nobody writes
    but ``keep_now``.
    """

    def __init__(
        self, keep: Callable[[Mapping[str, Count]], None], *, every_s: Callable[[], float]
    ) -> None:
        self._keep, self._every_s = keep, every_s
        self._counts: dict[str, Count] = {}
        self._lock, self._start = threading.Lock(), threading.Lock()
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, what: str) -> None:
        """Count one more."""
        now = datetime.now(UTC)
        self._put({what: Count(1, now, now)})
        self._wanted.set()
        if self._every_s() and (self._thread is None or not self._thread.is_alive()):
            self._run_thread()

    def keep_now(self) -> None:
        """Write what was counted; put it back where the database does not take it."""
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        try:
            self._keep(counts)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("tally not written", extra={"error": type(error).__name__})
            self._put(counts)
            self._wanted.set()

    def _put(self, counts: Mapping[str, Count]) -> None:
        with self._lock:
            for what, more in counts.items():
                known = self._counts.get(what)
                self._counts[what] = more if known is None else known.and_more(more)

    def _run_thread(self) -> None:
        with self._start:  # threads do not survive a fork, so it starts on the first count
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._keep_forever, daemon=True)
                self._thread.start()

    def _keep_forever(self) -> None:
        while True:
            self._wanted.wait()
            time.sleep(min(FIRST_AFTER_S, self._every_s()))
            self._wanted.clear()
            self.keep_now()
            connections.close_all()
            time.sleep(self._every_s())
