"""Verifying: whatever the owner of the tables does to entries and legs is found and named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from ledger import content
from ledger.models import LedgerEntry, Seal
from tests.ledger.conftest import cheat
from tests.ledger.entries import check
from tests.ledger.reports import LATER, codes, line_of, named, said

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.usefixtures("references")
def test_a_ledger_that_nobody_touched_is_good() -> None:
    report = check()

    assert (report.is_good, codes(report), report.notes) == (True, {}, [])
    assert (report.entries_sealed, report.entries_unsealed) == (9, 1)
    assert (report.seals, report.last_position, report.heads_outside) == (3, 9, 3)
    assert report.head_hash == bytes(Seal.objects.get(number=3).seal_hash).hex()


def test_an_empty_ledger_is_good() -> None:
    report = check()

    assert (report.is_good, report.seals, report.entries_sealed) == (True, 0, 0)


CHANGES = [
    "event = 'order.repaid'",
    'facts = \'{"amount_minor": 1, "currency": "USD"}\'',
    "facts = '{}'",
    "mode = 'live'",
    "subject = 'user:1'",
    "refs = '{}'",
    "refs = '{cs_test_a1b2c3d4e5f6,cs_test_a1b2c3d4e5f6}'",
    "key = key || 'x'",
    "kind = 'audit'",
    "trace_ref = ''",
    "reference = reference || 'x'",
    "occurred_at = occurred_at + interval '1 microsecond'",
    "recorded_at = recorded_at - interval '1 day'",
]


COLUMNS = (
    "reference, key, kind, event, subject, refs, facts, mode, trace_ref, occurred_at, recorded_at"
)


def test_every_changed_field_is_found_and_its_entry_named(references: list[str]) -> None:
    for number, change in enumerate(CHANGES):
        entry_id = LedgerEntry.objects.order_by("id")[number % 9].pk
        cheat(f"CREATE TABLE kept AS SELECT * FROM ledger_ledgerentry WHERE id = {entry_id};"
              f"UPDATE ledger_ledgerentry SET {change} WHERE id = {entry_id}")  # fmt: skip
        now_called = LedgerEntry.objects.get(pk=entry_id).reference

        report = check()

        assert named(report, "entry_changed") == [now_called], change
        assert f"position {number % 9 + 1}:" in said(report, "entry_changed")
        cheat(f"UPDATE ledger_ledgerentry SET ({COLUMNS}) = (SELECT {COLUMNS} FROM kept)"
              f" WHERE id = {entry_id}; DROP TABLE kept")  # fmt: skip
    assert check().is_good


def test_a_change_with_its_hash_rewritten_is_found_by_the_seal(references: list[str]) -> None:
    entry_id = LedgerEntry.objects.get(reference=references[4]).pk
    cheat(f"UPDATE ledger_ledgerentry SET event = 'order.repaid' WHERE id = {entry_id}")
    fresh = content.content_hash(line_of(entry_id)).hex()
    cheat(f"UPDATE ledger_ledgerentry SET content_hash = '\\x{fresh}' WHERE id = {entry_id}")
    assert named(check(), "entry_changed") == [references[4]]

    cheat(f"UPDATE ledger_sealedentry SET content_hash = '\\x{fresh}' WHERE entry_id = {entry_id}")

    report = check()
    assert codes(report) == {"root_differs": 1}
    assert named(report, "root_differs") == ["seal 2"]


def test_a_rewritten_hash_alone_is_found(references: list[str]) -> None:
    cheat(
        "UPDATE ledger_ledgerentry SET content_hash = sha256('')"
        f" WHERE reference = '{references[0]}'"
    )

    assert codes(check()) == {"hash_rewritten": 1}
    assert named(check(), "hash_rewritten") == [references[0]]


def test_legs_added_taken_and_changed_are_found(references: list[str]) -> None:
    ids = dict(LedgerEntry.objects.values_list("reference", "id"))
    one, pair, gone, other = references[0], references[1], references[2], references[3]
    leg = "INSERT INTO ledger_posting (entry_id, account, amount_minor, currency) VALUES"
    cheat(
        f"{leg} ({ids[one]}, 'expenses:fees', 7, 'USD');"
        f"{leg} ({ids[pair]}, 'expenses:fees', 7, 'USD'), ({ids[pair]}, 'assets:bank', -7, 'USD');"
        f"DELETE FROM ledger_posting WHERE entry_id = {ids[gone]} AND amount_minor > 0;"
        f"UPDATE ledger_posting SET amount_minor = amount_minor * 3 WHERE entry_id = {ids[other]}"
    )

    report = check()

    assert named(report, "leg_added") == [one, pair]
    assert "a leg was added: expenses:fees 7 USD" in said(report, "leg_added")
    assert "assets:bank -7 USD, expenses:fees 7 USD" in said(report, "leg_added")
    assert named(report, "entry_changed") == [gone, other]
    assert set(codes(report)) == {"leg_added", "entry_changed", "balance_differs"}
    assert sorted(named(report, "balance_differs")) == [
        "assets:bank (sample)",
        "assets:stripe (sample)",
        "expenses:fees (sample)",
        "income:sales (sample)",
    ]


def test_an_entry_that_was_given_hundreds_of_legs_is_named_without_trying_each(
    references: list[str],
) -> None:
    """Trying them grows with the third power of their number: four thousand took half an hour."""
    entry_id = LedgerEntry.objects.get(reference=references[5]).pk
    cheat(
        "INSERT INTO ledger_posting (entry_id, account, amount_minor, currency)"
        f" SELECT {entry_id}, 'assets:x' || n, CASE WHEN n % 2 = 0 THEN 1 ELSE -1 END, 'USD'"
        " FROM generate_series(1, 400) n"
    )

    report = check()

    assert named(report, "entry_changed") == [references[5]]
    assert said(report, "entry_changed") == (
        "position 6: it is not what was recorded; it has 402 legs, too many to say which were added"
    )


def test_a_balanced_pair_of_late_legs_is_refused_by_nobody_and_found(references: list[str]) -> None:
    """The zero-sum trigger lets a balanced pair through; the seal does not."""
    entry_id = LedgerEntry.objects.get(reference=references[5]).pk
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_posting (entry_id, account, amount_minor, currency) VALUES"
            f" ({entry_id}, 'expenses:fees', 7, 'USD'), ({entry_id}, 'assets:bank', -7, 'USD')"
        )

    assert named(check(), "leg_added") == [references[5]]


def test_holes_are_found(references: list[str]) -> None:
    cheat("DELETE FROM ledger_sealedentry WHERE position IN (2, 5, 6, 9)")

    report = check(now=timezone.now() + LATER)

    assert named(report, "hole") == ["position 2", "positions 5 to 6", "position 9"]
    assert named(report, "not_listed") == [references[number] for number in (1, 4, 5, 8)]
    assert named(report, "unsealed_too_long") == [references[number] for number in (1, 4, 5, 8, 9)]


@pytest.mark.usefixtures("loose_entries")
def test_deleted_entries_are_found(references: list[str]) -> None:
    entry_id = LedgerEntry.objects.get(reference=references[3]).pk
    cheat(f"DELETE FROM ledger_ledgerentry WHERE id = {entry_id}")

    report = check()

    assert named(report, "entry_gone") == ["position 4"]
    assert f"id {entry_id} was deleted" in said(report, "entry_gone")
    assert named(report, "leg_without_entry") == [f"entry id {entry_id}"] * 2


def test_a_removed_tail_is_found_by_the_head_outside(references: list[str]) -> None:
    tail = "SELECT entry_id FROM ledger_sealedentry WHERE position > 6"
    cheat(
        f"CREATE TABLE tail AS {tail};"
        "DELETE FROM ledger_seal WHERE number = 3;"
        "DELETE FROM ledger_sealedentry WHERE position > 6;"
        "DELETE FROM ledger_posting WHERE entry_id IN (SELECT entry_id FROM tail);"
        "DELETE FROM ledger_ledgerentry WHERE id IN (SELECT entry_id FROM tail);"
        "UPDATE ledger_balance SET amount_minor = sign(amount_minor) * 600; DROP TABLE tail"
    )

    report = check()

    assert codes(report) == {"tail_removed": 1}
    assert said(report, "tail_removed") == (
        "the chain ends at seal 2, position 6, but seal 3, position 9, was published: "
        "3 entries are gone"
    )


@pytest.mark.usefixtures("references")
def test_a_whole_ledger_that_is_gone_is_found() -> None:
    cheat(
        "DELETE FROM ledger_seal; DELETE FROM ledger_sealedentry; DELETE FROM ledger_posting;"
        "DELETE FROM ledger_unsealedentry; DELETE FROM ledger_balance;"
        "DELETE FROM ledger_ledgerentry"
    )

    assert codes(check()) == {"tail_removed": 1}


def test_seals_without_their_entries_and_entries_without_seal_are_found(
    references: list[str],
) -> None:
    cheat("DELETE FROM ledger_seal WHERE number = 3")

    report = check()

    assert codes(report) == {"tail_removed": 1, "positions_without_seal": 1}
    assert named(report, "positions_without_seal") == ["positions 7 to 9"]


def test_entries_that_wait_too_long_are_named(references: list[str]) -> None:
    assert codes(check(now=timezone.now() + LATER - timedelta(minutes=2))) == {}

    report = check(now=timezone.now() + LATER)

    assert codes(report) == {"unsealed_too_long": 1}
    assert named(report, "unsealed_too_long") == [references[9]]


def test_an_entry_changed_before_its_seal_is_found(references: list[str]) -> None:
    cheat(f"UPDATE ledger_ledgerentry SET event = 'x' WHERE reference = '{references[9]}'")

    assert codes(check()) == {"entry_changed": 1}
    assert named(check(), "entry_changed") == [references[9]]
