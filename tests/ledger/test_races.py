"""Appending at the same moment: one entry per fact, and nobody waits for a stranger."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

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
    def record_another(_: int) -> bool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            return paid(key="order.paid:8").is_new

    with transaction.atomic():
        paid(key="order.paid:7")
        assert at_once(record_another, threads=1) == [True]


@pytest.mark.parametrize("is_kept", [True, False])
def test_who_waits_for_the_same_key_gets_what_the_other_wrote_or_writes_itself(
    is_kept: bool,
) -> None:
    is_written = threading.Event()

    def write_first() -> bool:
        with transaction.atomic():
            is_new = paid(key="order.paid:7").is_new
            is_written.set()
            _wait_for_a_waiter()
            transaction.set_rollback(not is_kept)
        return is_new

    def write_second() -> bool:
        assert is_written.wait(20)
        return paid(key="order.paid:7").is_new

    works = [write_first, write_second]

    assert at_once(lambda number: works[number](), threads=2) == [True, not is_kept]
    assert LedgerEntry.objects.filter(key="order.paid:7").count() == 1


def _wait_for_a_waiter() -> None:
    """Return when another connection waits for what this one holds."""
    with connection.cursor() as cursor:
        for _ in range(2000):
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    pytest.fail("nobody waited")
