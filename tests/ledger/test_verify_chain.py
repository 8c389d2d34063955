"""Verifying seals, keys and the heads outside; and the command that says it all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from ledger import content, providers
from ledger.adapters.key_file import KeyFile
from ledger.exchanges.seals import seal_batch
from ledger.models import LedgerEntry
from ledger.ports import Head
from ledger.queries.verification import Report, verify
from ledger.queries.verification.report import NAMED_MAX
from tests.ledger.conftest import cheat
from tests.ledger.entries import check, own_key, paid, seal
from tests.ledger.reports import LATER, codes, line_of, named, said

pytestmark = pytest.mark.django_db(transaction=True)

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


@pytest.mark.usefixtures("references")
def test_heads_that_were_never_published_are_named() -> None:
    last = providers.signer(may_make=False, now=timezone.now())
    seal_batch(signer=last, now=timezone.now())  # and the process dies before it tells the log

    assert codes(check()) == {}  # a crash a moment ago is no crime
    report = check(now=timezone.now() + LATER)

    assert named(report, "head_not_published") == ["seal 4"]
    assert "seals 4 to 4 were never published" in said(report, "head_not_published")


@pytest.mark.usefixtures("references")
def test_a_log_that_was_tampered_with_is_named(settings: Any) -> None:
    lines = settings.SEALS_LOG.read_text().splitlines(keepends=True)
    settings.SEALS_LOG.write_text(lines[0] + lines[2] + lines[1])
    assert "heads_out_of_order" in codes(check())

    settings.SEALS_LOG.write_text(lines[0] + "rubbish\n" + lines[1])
    assert codes(check()) == {"heads_unreadable": 1}


@pytest.mark.usefixtures("references")
def test_without_any_key_from_outside_nothing_is_trusted_and_it_is_said() -> None:
    report = verify(heads=None, public_keys=[], now=timezone.now())

    assert codes(report) == {"key_unknown": 3, "no_key_pinned": 1}
    assert "no key is pinned outside the database" in said(report, "no_key_pinned")


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


def test_heads_published_after_the_snapshot_are_no_removed_tail() -> None:
    """The log is longer than one read of it, and seals go on being made while it is compared."""
    for _ in range(120):
        paid()
    seal(batch_max=1)
    heads = providers.head_sink().heads()
    for _ in range(3):
        paid()

    def heads_while_the_sealer_works() -> Iterator[Head]:
        for number, head in enumerate(heads):
            yield head
            if number < 3:
                with ThreadPoolExecutor(1) as sealer:
                    sealer.submit(seal_beside).result()

    report = verify(
        heads=heads_while_the_sealer_works(),
        public_keys=providers.pinned_keys(),
        now=timezone.now(),
    )

    assert codes(report) == {}
    assert report.heads_outside == 120
    assert check().heads_outside == 123


def seal_beside() -> None:
    try:
        seal(batch_max=1)
    finally:
        connection.close()


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
    output = json.loads(capsys.readouterr().out)
    assert (output["ok"], output["counts"]) == (False, {"entry_changed": 1})
    assert output["findings"][0]["what"] == references[0]


@pytest.mark.usefixtures("references")
def test_an_auditor_may_bring_the_key(capsys: pytest.CaptureFixture[str], settings: Any) -> None:
    key = own_key()
    settings.SEAL_KEY_FILE.unlink()
    settings.SEALS_LOG.unlink()

    assert run_command("--key", key.hex(), "--no-heads") == 0
    assert "Note: The heads kept outside were not compared" in capsys.readouterr().out
    assert run_command("--key", "00" * 32) == 1
    for nonsense in ("xyz", "00"):
        with pytest.raises(CommandError, match="64 hex digits"):
            run_command("--key", nonsense)


@pytest.mark.usefixtures("references")
def test_with_a_key_brought_no_other_is_trusted(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever could replace the books could replace the key file and the log beside them."""
    key = own_key()

    assert run_command("--key", "ab" * 32) == 1
    assert "WRONG  seal 1: its key" in capsys.readouterr().out
    assert run_command("--key", key.hex()) == 0
    assert run_command("--key", "ab" * 32, "--key", key.hex()) == 0
