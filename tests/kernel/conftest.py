"""Tables of these tests' own, and threads that meet at one point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import pytest
from django.db import connection

from tests.kernel.tables import drop_tables, make_tables

T = TypeVar("T")


@pytest.fixture(scope="session")
def _tables(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        make_tables()
    yield
    with django_db_blocker.unblock():
        # Some tests let Postgres end connections, and none of those may be what is taken now.
        connection.close()
        connection.close_pool()
        drop_tables()


@pytest.fixture
def tables(_tables: None, db: None) -> None:
    """Let a test use the tables; it is rolled back afterwards."""


@pytest.fixture
def shared_tables(_tables: None, transactional_db: None) -> None:
    """Let a test with several connections use the tables; they are emptied afterwards."""


def at_once(work: Callable[[int], T], *, threads: int) -> list[T]:
    """Run ``work`` on as many threads at the same moment, each on a connection of its own."""
    gate = Barrier(threads)

    def run(number: int) -> T:
        try:
            gate.wait(timeout=20)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))
