"""Two sides that meet where a test wants it: the first stands still after one of its statements.

The second runs meanwhile, until it is done or waits for a lock that the first one holds. So every
place at which two transactions can cut into each other can be gone through, one after the other,
without luck: ``RACE_POINTS=all`` takes every statement, otherwise a few are drawn (``RACE_SEED``).
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection

WAITS_S: Final = 20.0
POINTS: Final = os.environ.get("RACE_POINTS", "3")
SEED: Final = int(os.environ.get("RACE_SEED") or random.randrange(10**6))
_IS_BLOCKED: Final = "SELECT cardinality(pg_blocking_pids(%s)) > 0"
Work = Callable[[], Any]


@dataclass(slots=True)
class Gate:
    """Holds a thread after its statement number ``after``, until it is let go."""

    after: int
    reached: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    statements: list[str] = field(default_factory=list)

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        answer = execute(sql, *rest)
        self.statements.append(sql)
        if len(self.statements) == self.after:
            self.reached.set()
            assert self.let_go.wait(WAITS_S), "nobody let it go"
        return answer


@dataclass(slots=True)
class Side:
    """One thread with a connection of its own: what its work returned, or raised."""

    work: Work
    gate: Gate | None = None
    said: Any = None
    error: Exception | None = None
    pid: int = 0
    seen: Any = None  # what the test saw while this side was held and the other had done its part
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> Side:
        """Wait for its end."""
        assert self._thread is not None
        self._thread.join(WAITS_S)
        assert not self._thread.is_alive(), "it hangs"
        return self

    @property
    def is_running(self) -> bool:
        """Say whether it has not ended."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        with closing(connection):
            connection.ensure_connection()
            self.pid = connection.connection.info.backend_pid
            try:
                if self.gate is None:
                    self.said = self.work()
                else:
                    with connection.execute_wrapper(self.gate):
                        self.said = self.work()
            except Exception as error:  # noqa: BLE001  # what a side is told is what the test is about
                self.error = error


def statements_of(work: Work) -> list[str]:
    """Do ``work`` alone; return what it asked the database."""
    gate = Gate(after=0)
    side = Side(work, gate)
    side.start()
    if error := side.end().error:
        raise error
    return gate.statements


def points(work: Work) -> Sequence[int]:
    """Do ``work`` alone; return after which of its statements it will be held."""
    last = len(statements_of(work))
    everywhere = range(1, last + 1)
    if POINTS == "all":
        return everywhere
    return sorted(random.Random(SEED).sample(everywhere, min(int(POINTS), last)))


def interleave(first: Work, second: Work, *, after: int, look: Work) -> tuple[Side, Side]:
    """Hold ``first`` after its statement number ``after`` while ``second`` runs as far as it can.

    Where ``second`` came to its end meanwhile, ``look`` is what ``first`` has ``seen``.
    """
    gate = Gate(after=after)
    one, other = Side(first, gate), Side(second)
    one.start()
    while one.is_running and not gate.reached.wait(0.001):
        pass
    other.start()
    for _ in _until_blocked(other):
        time.sleep(0.001)
    if one.is_running and not other.is_running:
        one.seen = look()
    gate.let_go.set()
    return one.end(), other.end()


def _until_blocked(side: Side) -> Iterator[None]:
    """Yield until that side has ended, or waits for a lock."""
    began_s = time.monotonic()
    while side.is_running:
        with connection.cursor() as cursor:
            cursor.execute(_IS_BLOCKED, [side.pid])
            [(is_blocked,)] = cursor.fetchall()
        if is_blocked:
            return
        assert time.monotonic() - began_s < WAITS_S, "it neither ends nor waits"
        yield
