"""``manage.py restore_guards`` puts back what somebody took, or says why not."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from kernel import guard_check
from ledger import queries
from ledger.models import LedgerEntry, UnsealedEntry
from tests.ledger.conftest import _seal_files
from tests.ledger.entries import paid
from tests.owner import as_owner

__all__ = ["_seal_files"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _owner() -> Iterator[None]:
    with as_owner():
        yield


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def restored() -> str:
    out = StringIO()
    call_command("restore_guards", stdout=out)
    return out.getvalue()


def test_what_was_dropped_stands_again() -> None:
    run("DROP TRIGGER ledger_seal_append_only ON ledger_seal")

    assert restored().splitlines() == [
        "trigger ledger_seal_append_only of ledger_seal is missing: put right",
        "All guards stand as declared. Now run manage.py verify_ledger.",
    ]
    assert guard_check.faults(using="default") == []


def test_where_all_stand_nothing_is_done() -> None:
    assert restored() == "All guards stand as declared. Now run manage.py verify_ledger.\n"
    assert not LedgerEntry.objects.exists()


def test_that_it_was_done_is_written_down_with_it() -> None:
    run("DROP TRIGGER ledger_seal_append_only ON ledger_seal")
    run("DROP TRIGGER ledger_list_for_sealing ON ledger_ledgerentry")

    restored()

    entry = LedgerEntry.objects.get()
    assert (entry.event, entry.subject) == ("database.guards_restored", "door:restore_guards")
    assert entry.facts == {"actor": "system", "guards_restored": 2}
    assert UnsealedEntry.objects.filter(entry=entry).exists()
    assert queries.compare_rows().is_good


def test_what_only_a_migration_can_make_is_left_and_said() -> None:
    run("ALTER TABLE ledger_posting DROP CONSTRAINT ledger_one_leg_per_account")

    with pytest.raises(CommandError, match="1 to be made as their migrations did"):
        restored()


def test_rows_that_are_against_it_are_a_sentence_without_their_values() -> None:
    paid()
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE ledger_ledgerentry DISABLE TRIGGER USER")
    run("ALTER TABLE ledger_ledgerentry DROP CONSTRAINT ledger_facts_hold_no_address")
    run('UPDATE ledger_ledgerentry SET facts = \'{"to": "grace@example.com"}\'')
    before = len(guard_check.faults(using="default"))

    with pytest.raises(CommandError) as refused:
        restored()

    assert "ledger_facts_hold_no_address" in str(refused.value)
    assert "grace" not in str(refused.value)
    assert len(guard_check.faults(using="default")) == before > 1  # all or nothing
