"""Some columns of a row keep what they were told first, whoever writes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction

from kernel.schema import keep_facts
from tests.owner import as_owner

STEP = keep_facts(
    "kept", frozen=("id", "amount"), erasable=("words", "body"), once=("digest", "seen_at")
)
TABLE = (
    "CREATE TABLE kept (id int, amount int, words text, body bytea, digest text, seen_at date,"
    " state text)"
)


@pytest.fixture(autouse=True)
def _kept(db: None) -> Iterator[None]:
    """A row, written and looked at by the owner: the trigger holds against everybody."""
    with as_owner():
        run(TABLE)
        for statement in STEP.sql:
            run(statement)
        run("INSERT INTO kept VALUES (1, 100, 'hello', 'bytes', '', NULL, 'open')")
        yield


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def stored() -> tuple[object, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, amount, words, digest, seen_at::text, state FROM kept")
        [row] = cursor.fetchall()
    return tuple(row)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE kept SET amount = 99",
        "UPDATE kept SET amount = NULL",
        "UPDATE kept SET id = 2, state = 'shut'",
        "UPDATE kept SET words = 'other'",
        "UPDATE kept SET body = 'other'",
        "DELETE FROM kept",
        "TRUNCATE kept",
    ],
)
def test_what_was_told_first_stays(sql: str) -> None:
    with pytest.raises(DatabaseError, match=r"never changes|keeps its rows"):
        run(sql)
    assert stored() == (1, 100, "hello", "", None, "open")


def test_the_rest_changes_and_a_blank_is_filled_once() -> None:
    run("UPDATE kept SET state = 'shut', amount = 100")
    run("UPDATE kept SET digest = 'abc', seen_at = '2026-01-01'")
    run("UPDATE kept SET words = '', body = NULL")

    assert stored() == (1, 100, "", "abc", "2026-01-01", "shut")
    for sql in (
        "UPDATE kept SET digest = 'def'",
        "UPDATE kept SET seen_at = NULL",
        "UPDATE kept SET words = 'hello'",
    ):
        with pytest.raises(DatabaseError, match="never changes"):
            run(sql)


def test_the_step_can_be_taken_back() -> None:
    for statement in list(STEP.reverse_sql):
        run(statement)
    run("UPDATE kept SET amount = 99")
    run("DELETE FROM kept")
