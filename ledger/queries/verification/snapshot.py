"""One snapshot of the database, read by several connections at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, transaction
from psycopg.sql import SQL, Literal

T = TypeVar("T")
Work = Callable[[], T]

# The line of an entry is defined with ISO dates; nothing else in it depends on a setting.
# Rows are read in the order of an index, so that the server neither sorts nor spills to disk, and
# the pieces of work are what runs in parallel.
_BEGIN = """
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SET LOCAL DateStyle = 'ISO'; SET LOCAL jit = off; SET LOCAL enable_bitmapscan = off;
SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL work_mem = '64MB'
"""


@contextmanager
def exported_snapshot() -> Iterator[str]:
    """Hold one snapshot open and yield the name under which others may read it."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_BEGIN)
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0]


@contextmanager
def shared_snapshot(name: str) -> Iterator[None]:
    """Read the snapshot ``name`` on this thread's connection, which is given back afterwards."""
    try:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(_BEGIN)
            # SET takes no parameters, so the name is quoted into the text.
            cursor.execute(SQL("SET TRANSACTION SNAPSHOT {}").format(Literal(name)).as_string())
            yield
    finally:
        connection.close()


def in_parallel(work: Iterable[Work[T]], *, snapshot: str, connections: int) -> Iterator[T]:
    """Run pieces of work on ``connections`` threads over one snapshot; yield results in order.

    Only a few pieces are unfinished at any time, and a long one holds up no other: what is done
    behind it waits as its small result.
    """

    def run(piece: Work[T]) -> T:
        with shared_snapshot(snapshot):
            return piece()

    with ThreadPoolExecutor(connections, thread_name_prefix="verify") as threads:
        results: deque[Future[T]] = deque()
        unfinished: set[Future[T]] = set()
        for piece in work:
            results.append(threads.submit(run, piece))
            unfinished.add(results[-1])
            if len(unfinished) > 2 * connections:
                unfinished = wait(unfinished, return_when=FIRST_COMPLETED).not_done
            while results and results[0].done():
                yield results.popleft().result()
        while results:
            yield results.popleft().result()
