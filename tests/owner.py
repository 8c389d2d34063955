"""The tables' owner, as whom a test cheats, changes the schema or empties tables.

Everything else runs with the rights of pages and workers, so that a missing grant shows at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model
from psycopg.pq import TransactionStatus


@contextmanager
def as_owner() -> Iterator[None]:
    """Have the owner's rights on this thread's connection meanwhile.

    A transaction that fails meanwhile takes them back by itself.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
    try:
        yield
    finally:
        is_failed = connection.connection.info.transaction_status == TransactionStatus.INERROR
        if not is_failed:
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")  # to what the connection logged in with


@contextmanager
def rewriting(model: type[Model]) -> Iterator[None]:
    """Let the owner write what the triggers of ``model``'s table would refuse."""
    table = model._meta.db_table
    with as_owner():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
