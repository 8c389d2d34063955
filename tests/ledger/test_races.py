"""Appending at the same moment: one entry per fact, and nobody waits for a stranger."""

from __future__ import annotations

import pytest
from django.db import connection, connections, transaction

from ledger.models import LedgerEntry, Posting
from ledger.operations import KeyReused
from tests.kernel.conftest import at_once
from tests.ledger.entries import dollars, paid

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def test_of_sixteen_with_one_key_one_writes_and_all_get_it() -> None:
    recorded = at_once(lambda _: paid(key="order.paid:7"), threads=16)

    assert [one.is_new for one in recorded].count(True) == 1
    assert {one.reference for one in recorded} == {LedgerEntry.objects.get().reference}
    assert Posting.objects.count() == 2


def test_of_sixteen_with_one_key_and_other_content_one_stands() -> None:
    def record(number: int) -> str:
        try:
            return paid(key="order.paid:7", postings=dollars(number + 1)).reference
        except KeyReused:
            return "stopped"

    answers = at_once(record, threads=16)

    assert sorted(answers, key=len)[:15] == ["stopped"] * 15
    assert LedgerEntry.objects.get().reference in answers


def test_different_facts_do_not_wait_for_each_other() -> None:
    other = connections.create_connection("default")
    with transaction.atomic(), other.cursor() as cursor:
        paid()
        cursor.execute("SET statement_timeout = '1s'")
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted OR locktype = 'advisory'")
        assert cursor.fetchone() == (0,)
    other.close()


def test_who_waits_for_the_same_key_gets_what_the_other_wrote_or_writes_itself() -> None:
    for is_kept in (True, False):
        key = f"order.paid:{is_kept}"

        def work(number: int, key: str = key, is_kept: bool = is_kept) -> bool:
            if number == 0:
                with transaction.atomic():
                    is_new = paid(key=key).is_new
                    _wait_for_a_waiter()
                    transaction.set_rollback(not is_kept)
                return is_new
            _wait_until_written_elsewhere()
            return paid(key=key).is_new

        assert at_once(work, threads=2) == [True, not is_kept]
        assert LedgerEntry.objects.filter(key=key).count() == 1


def _wait_for_a_waiter() -> None:
    _wait_until("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")


def _wait_until_written_elsewhere() -> None:
    _wait_until(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
        " WHERE datname = current_database() AND relation = 'ledger_ledgerentry'::regclass"
        " AND mode = 'RowExclusiveLock' AND pid <> pg_backend_pid()"
    )


def _wait_until(sql: str) -> None:
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute(sql)
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    pytest.fail("it never happened")
