"""Counting statements at the wire: libpq's own trace, so that nothing goes uncounted."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection

# Frontend messages that make the server run something, in libpq's trace format.
RUNS: Final = re.compile(r"\tF\t\d+\t(Execute|Query)\b(.*)")
NOT_WORK: Final = re.compile(r"BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|^\s*\"?SET ", re.IGNORECASE)


class Count:
    """How many statements ran, not counting transaction control."""

    statements = 0


@contextmanager
def counted() -> Iterator[Count]:
    """Count the statements that this thread's Django connection runs inside the block."""
    connection.ensure_connection()
    pgconn: Any = connection.connection.pgconn
    count = Count()
    with tempfile.NamedTemporaryFile("r") as trace:
        pgconn.trace(trace.fileno())
        try:
            yield count
        finally:
            pgconn.untrace()
            trace.seek(0)
            count.statements = sum(_is_work(line) for line in trace)


def _is_work(line: str) -> bool:
    found = RUNS.search(line)
    return bool(found) and not NOT_WORK.search(found[2])
