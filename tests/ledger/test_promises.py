"""What the database itself refuses, in raw SQL."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.ledger.entries import paid, seal
from tests.owner import as_owner

ENTRY = (
    "INSERT INTO ledger_ledgerentry (reference, key, kind, event, subject, refs, facts, mode,"
    " trace_ref, occurred_at, recorded_at, content_hash) VALUES ({reference}, {key}, {kind},"
    " {event}, {subject}, '{{}}', {facts}, {mode}, '', now(), now(), {hash}) RETURNING id"
)
GOOD = {
    "reference": "'led_1'", "key": "'k:1'", "kind": "'audit'", "event": "'e'",
    "subject": "'user:1'", "facts": "'{}'", "mode": "'live'", "hash": "sha256('')",
}  # fmt: skip


def run(sql: str, *params: object) -> list[tuple[object, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows = cursor.fetchall() if cursor.description else []
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return rows


def write(**changes: str) -> int:
    return int(str(run(ENTRY.format(**{**GOOD, **changes}))[0][0]))


@pytest.mark.django_db
def test_a_raw_entry_is_taken_and_listed_for_sealing() -> None:
    entry_id = write()

    assert run("SELECT entry_id FROM ledger_unsealedentry") == [(entry_id,)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "promise"),
    [
        ({"kind": "'gossip'"}, "ledger_kind_is_known"),
        ({"mode": "'pretend'"}, "ledger_mode_is_known"),
        ({"key": "'a b'"}, "ledger_key_is_no_sentence"),
        ({"key": "'ada@example.com'"}, "ledger_key_is_no_sentence"),
        ({"event": "'Order paid'"}, "ledger_event_is_a_word"),
        ({"subject": "'ada@example.com'"}, "ledger_subject_is_a_ref"),
        ({"subject": "'Ada Lovelace'"}, "ledger_subject_is_a_ref"),
        ({"facts": "'[]'"}, "ledger_facts_are_pairs"),
        ({"facts": '\'{"mail": "ada@example.com"}\''}, "ledger_facts_hold_no_address"),
        ({"hash": "''::bytea"}, "ledger_content_hash_has_32_bytes"),
    ],
)
def test_an_entry_that_breaks_a_promise_is_refused(change: dict[str, str], promise: str) -> None:
    with pytest.raises(IntegrityError, match=promise):
        write(**change)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "promise"),
    [
        ({"reference": "'led_2'"}, "ledger_one_entry_per_key"),
        ({"key": "'k:2'"}, "ledger_one_entry_per_reference"),
    ],
)
def test_there_is_one_entry_per_key_and_reference(change: dict[str, str], promise: str) -> None:
    write()

    with pytest.raises(IntegrityError, match=promise):
        write(**change)


LEG = "INSERT INTO ledger_posting (entry_id, account, amount_minor, currency) VALUES "


@pytest.mark.django_db
@pytest.mark.parametrize(
    "legs",
    [
        "(%s, 'a:b', 1, 'USD')",
        "(%s, 'a:b', 2, 'USD'), (%s, 'c:d', -1, 'USD')",
        "(%s, 'a:b', 1, 'USD'), (%s, 'c:d', -1, 'EUR')",
    ],
)
def test_legs_that_do_not_sum_to_zero_are_refused_at_the_commit(legs: str) -> None:
    entry_id = write()

    with pytest.raises(IntegrityError, match="do not sum to zero"):
        run(LEG + legs, *([entry_id] * legs.count("%s")))


@pytest.mark.django_db
def test_legs_may_come_one_by_one_before_the_commit() -> None:
    entry_id = write()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{LEG} (%s, 'a:b', 1, 'USD')", [entry_id])
        cursor.execute(f"{LEG} (%s, 'c:d', -1, 'USD')", [entry_id])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    assert run("SELECT sum(amount_minor) FROM ledger_posting") == [(0,)]


@pytest.mark.django_db(transaction=True)
def test_unbalanced_legs_never_commit() -> None:
    recorded = paid(postings=None)

    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="sum to zero"):
        cursor.execute(f"{LEG} (%s, 'a:b', 1, 'USD')", [recorded.entry_id])

    assert run("SELECT count(*) FROM ledger_posting") == [(0,)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("leg", "promise"),
    [
        ("(%s, 'Ada L', 0, 'USD')", "ledger_account_is_a_path"),
        ("(%s, 'a:b', 0, 'usd')", "ledger_currency_is_iso"),
        ("(%s, 'a:b', 0, 'USD'), (%s, 'a:b', 0, 'EUR')", "ledger_one_leg_per_account"),
    ],
)
def test_a_leg_that_breaks_a_promise_is_refused(leg: str, promise: str) -> None:
    entry_id = write()

    with pytest.raises(IntegrityError, match=promise):
        run(LEG + leg, *([entry_id] * leg.count("%s")))


TABLES = {
    "ledger_ledgerentry": "event = 'other'",
    "ledger_posting": "amount_minor = 7",
    "ledger_sealedentry": "content_hash = sha256('x')",
    "ledger_seal": "signature = 'x'",
    "ledger_sealkey": "public_key = 'x'",
}


@pytest.fixture
def sealed(db: None) -> None:
    paid()
    seal()


@pytest.mark.usefixtures("sealed")
def test_history_is_never_rewritten() -> None:
    """One test for all tables: each transaction test empties the whole database."""
    for table, change in TABLES.items():
        before = run(f"SELECT * FROM {table}")
        for sql in (
            f"UPDATE {table} SET {change}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with as_owner(), pytest.raises(DatabaseError, match="append-only"):
                run(sql)
        assert run(f"SELECT * FROM {table}") == before
        assert before


SEAL = (
    "INSERT INTO ledger_seal (number, first_position, last_position, merkle_root, previous_hash,"
    " seal_hash, sealed_at, key_id, signature) SELECT {number}, {first}, {last}, merkle_root,"
    " {previous}, sha256(seal_hash), sealed_at, key_id, signature FROM ledger_seal"
)


@pytest.mark.usefixtures("sealed")
def test_a_chain_has_no_fork_and_no_overlap() -> None:
    good = {"number": "2", "first": "2", "last": "9", "previous": "seal_hash"}
    for change, promise in (
        ({"number": "1"}, "ledger_seal_pkey"),
        ({"number": "0"}, "ledger_seal_covers_a_range"),
        ({"first": "1"}, "ledger_seals_do_not_overlap"),
        ({"last": "1"}, "ledger_seal_covers_a_range"),
        ({"previous": "previous_hash"}, "ledger_chain_has_no_fork"),
        ({"previous": "''"}, "ledger_seal_hashes_have_32_bytes"),
    ):
        with pytest.raises(IntegrityError, match=promise):
            run(SEAL.format(**{**good, **change}))
    run(SEAL.format(**good))
