"""Database connections: of threads that come and go without telling Django, and lost ones."""

from __future__ import annotations

import sys
import threading
from typing import Any, Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections

_thread = threading.local()
# https://www.postgresql.org/docs/current/errcodes-appendix.html: a connection that failed (08),
# a server that stops, starts or has no connection left.
_AWAY: Final = ("08", "57P01", "57P02", "57P03", "53300")


class _End:
    """Lives as long as its thread, and closes the thread's connection with its last breath."""

    def __init__(self) -> None:
        self.wrapper: Any = connections[DEFAULT_DB_ALIAS]
        self.wrapper.inc_thread_sharing()  # whoever tidies up after a thread may close it

    def __del__(self) -> None:
        if not sys.is_finalizing():  # a process that ends takes its pool along
            self.wrapper.close()


def close_with_this_thread() -> None:
    """Let this thread keep its connection, and give it back to the pool when the thread ends.

    Django gives a connection back at the end of each request of its own. Whoever answers ahead of
    it keeps one, which saves a quarter of the work; a web server ends idle threads, and what they
    held would be lost to the pool until nobody can connect.
    """
    if not hasattr(_thread, "end"):
        _thread.end = _End()


def give_back() -> None:
    """Give this thread's connection back to the pool, before a wait for somebody else's answer.

    The next statement takes one again. Does nothing within a transaction, and without a pool.
    """
    if (
        settings.DATABASES[DEFAULT_DB_ALIAS]["OPTIONS"].get("pool")
        and not connection.in_atomic_block
    ):
        connection.close()


def is_database_away(error: BaseException | None) -> bool:
    """Say whether ``error`` means that no statement reaches the database for now."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code: str | None = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(_AWAY)  # None: the server said nothing at all
