"""What time it is by the database's clock, by which tokens end and deadlines pass."""

from __future__ import annotations

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """Return the time of this statement. One statement, on the caller's own connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        [(now,)] = cursor.fetchall()
    return now  # type: ignore[no-any-return]  # a cursor's rows have no types
