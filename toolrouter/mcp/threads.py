"""A few threads for what waits on the database, beside the loop that only reads and writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


class Threads:
    """At most ``most`` pieces of work at a time; the others wait their turn.

    Each piece gives its connection back, so that a restart of Postgres leaves no thread with a dead
    one.
    """

    def __init__(self, most: int) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="call")

    async def run(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, or raise what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _with_connection, work)


def _with_connection(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connections.close_all()
