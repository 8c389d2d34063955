"""A key and a log of each test's own, and the table owner who cheats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from ledger.enums import EntryKind
from ledger.facts import COUNT, CURRENCY, DIGEST, FLAG, MINOR, REF, TIME, allow, one_of
from ledger.rows import declare
from tests.ledger.entries import paid, seal
from tests.owner import as_owner

allow(
    "model",
    {
        "amount_minor": MINOR,
        "step_count": COUNT,
        "is_first": FLAG,
        "currency": CURRENCY,
        "other": REF,
        "seen_at": TIME,
        "body": DIGEST,
        "verdict": one_of({"pass", "fail"}),
    },
)
EVENTS = ("order.paid", "order.repaid", "fee.taken", "one.of_many", "the.first", "the.second")
for kind in EntryKind.values:
    declare(kind, dict.fromkeys(EVENTS))
declare("audit", {"user.invited": None})


@pytest.fixture(autouse=True)
def _seal_files(settings: Any, tmp_path: Path) -> None:
    settings.SEAL_KEY_FILE = tmp_path / "seal.key"
    settings.SEALS_LOG = tmp_path / "seals.log"


@pytest.fixture
def loose_entries(transactional_db: None) -> Iterator[None]:
    """Take the foreign keys to entries away, as an owner would who wants to delete entries."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"
            " FROM pg_constraint WHERE contype = 'f'"
            " AND confrelid = 'ledger_ledgerentry'::regclass"
        )
        keys = cursor.fetchall()
        assert keys
        for table, name, _ in keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    yield
    cheat("DELETE FROM ledger_sealedentry; DELETE FROM ledger_posting")
    with as_owner(), connection.cursor() as cursor:
        for table, name, definition in keys:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


@pytest.fixture
def references(transactional_db: None) -> list[str]:
    """Nine entries under three seals, and one that waits for a seal."""
    made = [paid().reference for _ in range(9)]
    seal(batch_max=3)
    return [*made, paid().reference]


def cheat(sql: str) -> None:
    """Do what the triggers refuse, as the owner of the tables can."""
    tables = [
        "ledger_ledgerentry",
        "ledger_posting",
        "ledger_sealedentry",
        "ledger_seal",
        "ledger_sealkey",
    ]
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(sql)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
