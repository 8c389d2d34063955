"""Which processes live, told by locks that end with them, and the clock that they share.

A process that takes leases keeps one database session open, and in it an advisory lock under a
number of its own. However the process ends, its session ends with it and Postgres lets go of the
lock: nobody waits for a time-out, and nobody's clock is asked. A process that is slow, or stopped
for a while, keeps its session, and so its leases.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from datetime import datetime, timedelta
from select import POLLIN, poll
from typing import Final

import psycopg
from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

LOCK_SPACE: Final = 0x5EA4
NUMBER_MAX: Final = 2**31 - 1
CLOCK_READ_EVERY_S: Final = 60.0

# True of a row whose ``leased_by`` no living process holds. A restart of Postgres ends every
# session while the processes live on: they get a moment to finish what they were at.
HOLDER_IS_GONE: Final = f"""(
    leased_by IS NOT NULL
    AND pg_postmaster_start_time() < statement_timestamp() - interval '20 seconds'
    AND NOT EXISTS (
        SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = {LOCK_SPACE}
        AND objid = leased_by::bigint::oid
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())))"""  # noqa: S608  # nothing but a number of ours


def holder_is_gone() -> RawSQL:
    """Return the condition for a query of a table with ``leased_by``."""
    return RawSQL(HOLDER_IS_GONE, [], output_field=BooleanField())  # noqa: S611  # a constant


def process_number() -> int:
    """Return the number under which Postgres knows that this process lives.

    It changes when the session was cut: what was leased under the old number may be lost.
    Raises django.db.OperationalError where Postgres does not answer.
    """
    with _guard:
        return _session().number


def statement_now() -> datetime:
    """Return what time it is for the database in this moment. One statement.

    For whoever decides by it under a lock: what ``database_now`` counts on from stands still with
    a machine that was suspended.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        [(now,)] = cursor.fetchall()
    return now  # type: ignore[no-any-return]  # a cursor's rows have no types


def database_now() -> datetime:
    """Return what time it is by the database's clock, which all machines share.

    Asked once a minute, and counted on from there by a clock that nobody can set.
    Raises django.db.OperationalError where Postgres does not answer.
    """
    with _guard, connection.wrap_database_errors:
        return _session().now()


def leave() -> None:
    """End this process's session, before its database is dropped."""
    with _guard:
        while _sessions:
            _sessions.pop().end()


class _Session:
    """The session of one process: its number, locked as long as it lasts, and its clock."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self.number = secrets.randbelow(NUMBER_MAX) + 1
        self._session = psycopg.connect(
            **connection.get_connection_params() | {"autocommit": True, "connect_timeout": 5}
        )
        self._session.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_SPACE, self.number])
        self._read_clock()

    def is_up(self) -> bool:
        """Say whether it lasts. Costs no statement: Postgres says so before it ends a session."""
        if self._process != os.getpid() or self._session.closed:
            return False
        poller = poll()  # unlike select, of any file number
        poller.register(self._session.fileno(), POLLIN)
        return not poller.poll(0)

    def now(self) -> datetime:
        if time.monotonic() > self._read_at + CLOCK_READ_EVERY_S:
            self._read_clock()
        return self._read + timedelta(seconds=time.monotonic() - self._read_at)

    def end(self) -> None:
        if self._process == os.getpid():  # a parent's session is the parent's to end
            self._session.close()

    def _read_clock(self) -> None:
        read_at = time.monotonic()
        row = self._session.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        self._read: datetime = row[0]
        self._read_at = read_at


_guard = threading.Lock()
_sessions: list[_Session] = []


def _session() -> _Session:
    if not _sessions or not _sessions[-1].is_up():
        while _sessions:
            _sessions.pop().end()
        with connection.wrap_database_errors:
            _sessions.append(_Session())
    return _sessions[-1]
