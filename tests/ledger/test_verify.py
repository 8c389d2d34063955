"""Verifying: whatever somebody who owns the tables does to the ledger is found and named."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from ledger import content, providers
from ledger.adapters.key_file import KeyFile
from ledger.models import LedgerEntry, Seal
from ledger.queries.verification import Report, verify
from ledger.queries.verification.report import NAMED_MAX
from ledger.usecases.seal import seal_batch
from tests.ledger.conftest import cheat
from tests.ledger.entries import check, paid, seal

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(minutes=6)


@pytest.fixture
def references(transactional_db: None) -> list[str]:
    """Nine entries under three seals, and one that waits for a seal."""
    made = [paid().reference for _ in range(9)]
    seal(batch_max=3)
    return [*made, paid().reference]


def codes(report: Report) -> dict[str, int]:
    return dict(report.counts)


def named(report: Report, code: str) -> list[str]:
    return [found.what for found in report.findings if found.code == code]


def said(report: Report, code: str) -> str:
    return " ".join(found.says for found in report.findings if found.code == code)


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


def line_of(entry_id: int) -> bytes:
    columns = content.COLUMNS_SQL
    sql = f"COPY (SELECT {columns} FROM ledger_ledgerentry entry WHERE id = %s) TO STDOUT"
    with connection.cursor() as cursor, cursor.copy(sql, [entry_id]) as rows:
        return b"".join(bytes(row) for row in rows)[:-1]


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
        "assets:bank (sandbox)",
        "assets:stripe (sandbox)",
        "expenses:fees (sandbox)",
        "income:sales (sandbox)",
    ]


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
    cheat("DELETE FROM ledger_sealedentry WHERE position IN (2, 5, 6)")

    report = check(now=timezone.now() + LATER)

    assert named(report, "hole") == ["position 2", "positions 5 to 6"]
    assert named(report, "not_listed") == [references[1], references[4], references[5]]
    assert set(named(report, "unsealed_too_long")) == {
        references[1], references[4], references[5], references[9],
    }  # fmt: skip


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


SEAL_CHANGES: dict[str, set[str]] = {
    "UPDATE ledger_seal SET sealed_at = now() WHERE number = 2": {"seal_changed", "signature_bad"},
    "UPDATE ledger_seal SET signature = sha256('')||sha256('') WHERE number = 2": {"signature_bad"},
    "UPDATE ledger_seal SET merkle_root = sha256('') WHERE number = 2": {
        "seal_changed", "signature_bad", "root_differs",
    },
    "UPDATE ledger_seal SET seal_hash = sha256('') WHERE number = 2": {
        "seal_changed", "head_differs", "chain_broken",
    },
    "DELETE FROM ledger_seal WHERE number = 2": {
        "seal_missing", "positions_not_covered", "chain_broken",
    },
    "UPDATE ledger_seal SET previous_hash = sha256('') WHERE number = 2": {
        "seal_changed", "signature_bad", "chain_broken",
    },
}  # fmt: skip


@pytest.mark.usefixtures("references")
def test_changed_and_missing_seals_are_found() -> None:
    for change, expected in SEAL_CHANGES.items():
        cheat(f"CREATE TABLE kept AS SELECT * FROM ledger_seal; {change}")
        report = check()
        assert set(codes(report)) == expected, change
        cheat(
            "DELETE FROM ledger_seal; INSERT INTO ledger_seal SELECT * FROM kept; DROP TABLE kept"
        )
    assert check().is_good


def test_a_chain_signed_anew_with_another_key_is_found(
    references: list[str], tmp_path: Path
) -> None:
    """Somebody changes an entry and seals everything again, correctly, with a key of their own."""
    entry_id = LedgerEntry.objects.get(reference=references[0]).pk
    cheat(
        "DELETE FROM ledger_seal; DELETE FROM ledger_sealedentry; DELETE FROM ledger_sealkey;"
        "DELETE FROM ledger_balance; DELETE FROM ledger_unsealedentry;"
        f"UPDATE ledger_ledgerentry SET event = 'order.repaid' WHERE id = {entry_id};"
        "INSERT INTO ledger_unsealedentry SELECT id FROM ledger_ledgerentry"
    )
    fresh = content.content_hash(line_of(entry_id)).hex()
    cheat(f"UPDATE ledger_ledgerentry SET content_hash = '\\x{fresh}' WHERE id = {entry_id}")
    forger = KeyFile.load_or_make(tmp_path / "forged.key")
    while seal_batch(signer=forger, now=timezone.now(), batch_max=3):
        pass

    report = check()

    assert set(codes(report)) == {"key_unknown", "head_differs"}
    assert named(report, "head_differs") == ["seal 1", "seal 2", "seal 3"]
    assert len(named(report, "key_unknown")) == 4


def test_entries_that_wait_too_long_are_named(references: list[str]) -> None:
    assert codes(check(now=timezone.now() + LATER - timedelta(minutes=2))) == {}

    report = check(now=timezone.now() + LATER)

    assert codes(report) == {"unsealed_too_long": 1}
    assert named(report, "unsealed_too_long") == [references[9]]


def test_an_entry_changed_before_its_seal_is_found(references: list[str]) -> None:
    cheat(f"UPDATE ledger_ledgerentry SET event = 'x' WHERE reference = '{references[9]}'")

    assert codes(check()) == {"entry_changed": 1}
    assert named(check(), "entry_changed") == [references[9]]


def test_heads_that_were_never_published_are_named(references: list[str], settings: Any) -> None:
    settings.SEALS_LOG.unlink()

    assert codes(check()) == {}  # a crash a moment ago is no crime
    report = check(now=timezone.now() + LATER)

    assert named(report, "head_not_published") == ["seal 3"]
    assert "seals 1 to 3 were never published" in said(report, "head_not_published")


@pytest.mark.usefixtures("references")
def test_a_log_that_was_tampered_with_is_named(settings: Any) -> None:
    lines = settings.SEALS_LOG.read_text().splitlines(keepends=True)
    settings.SEALS_LOG.write_text(lines[0] + lines[2] + lines[1])
    assert "heads_out_of_order" in codes(check())

    settings.SEALS_LOG.write_text(lines[0] + "rubbish\n" + lines[1])
    assert codes(check()) == {"heads_unreadable": 1}


@pytest.mark.usefixtures("references")
def test_without_any_key_from_outside_the_published_ones_are_used_and_it_is_said() -> None:
    report = verify(heads=[], public_keys=[], now=timezone.now())

    assert (report.is_good, report.entries_sealed) == (True, 9)
    assert "used" in report.notes[0]


def test_many_findings_are_counted_and_some_are_named() -> None:
    report = Report()
    for part in range(3):
        piece = Report()
        for number in range(150):
            piece.add("entry_changed", f"led_{part}_{number}", "changed")
        report.merge(piece)

    assert report.counts["entry_changed"] == 450
    assert len(report.findings) == NAMED_MAX


def test_verifying_goes_on_beside_appending_and_sealing() -> None:
    for _ in range(30):
        paid()
    seal(batch_max=10)
    stop = threading.Event()

    def append() -> None:
        while not stop.is_set():
            paid()
            seal(batch_max=7)
        connection.close()

    writer = threading.Thread(target=append)
    writer.start()
    try:
        reports = [check() for _ in range(4)]
    finally:
        stop.set()
        writer.join()

    assert [codes(report) for report in reports] == [{}] * 4
    assert reports[-1].entries_sealed + reports[-1].entries_unsealed >= 30


def run_command(*arguments: str) -> int:
    try:
        call_command("verify_ledger", *arguments)
    except SystemExit as stop:
        return int(str(stop.code))
    return 0


def test_the_command_says_what_is_wrong_and_fails(
    references: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command() == 0
    out = capsys.readouterr().out
    assert "9 sealed entries under 3 seals, 1 waiting for one; 3 heads kept outside." in out
    assert "The ledger is good" in out
    assert run_command("--json") == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True

    cheat(f"UPDATE ledger_ledgerentry SET event = 'x' WHERE reference = '{references[0]}'")

    assert run_command() == 1
    out = capsys.readouterr().out
    assert f"WRONG  {references[0]}: position 1: it is not what was recorded" in out
    assert "The ledger is NOT good: 1 findings." in out
    assert run_command("--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["counts"]) == (False, {"entry_changed": 1})
    assert told["findings"][0]["what"] == references[0]


@pytest.mark.usefixtures("references")
def test_an_auditor_may_bring_the_key(capsys: pytest.CaptureFixture[str], settings: Any) -> None:
    key = providers.public_key()
    assert key
    settings.SEAL_KEY_FILE.unlink()
    settings.SEALS_LOG.unlink()

    assert run_command("--key", key.hex()) == 0
    assert "Note:" not in capsys.readouterr().out
    assert run_command("--key", "00" * 32) == 1
    for nonsense in ("xyz", "00"):
        with pytest.raises(CommandError, match="64 hex digits"):
            run_command("--key", nonsense)
