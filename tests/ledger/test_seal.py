"""Sealing: gap-free positions, one sealer, signed and chained, heads outside the database."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from kernel.money import Money
from ledger import merkle, providers, queries
from ledger.adapters.key_file import KeyFile
from ledger.chain import GENESIS, SealBody
from ledger.exchanges import seals as sealing
from ledger.models import SEALER_LOCK, AuditEvent, Seal, SealedEntry, SealKey, UnsealedEntry
from ledger.ports import SealKeyMissing, key_id
from ledger.tasks import seal as seal_task
from ledger.usecases.rebuild import rebuild_derived
from ledger.usecases.rotate_seal_key import rotate_seal_key
from tests.kernel.conftest import at_once
from tests.ledger.conftest import cheat
from tests.ledger.entries import NOON, check, dollars, log_lines, own_key, paid, seal
from trinity.celery import app
from trinity.schedule import SWEEPS_EVERY_S

pytestmark = pytest.mark.django_db
shared = pytest.mark.django_db(transaction=True)  # several connections see the rows


@pytest.fixture
def other_connection(transactional_db: None) -> Iterator[Any]:
    """A second connection, as another process has one."""
    other = connections.create_connection("default")
    yield other
    other.close()


def test_a_batch_gets_positions_without_gaps_and_a_signed_root(now: datetime) -> None:
    entries = [paid().entry_id for _ in range(5)]

    assert seal(now=now) == 5

    sealed = list(SealedEntry.objects.order_by("position"))
    assert [(row.position, row.entry_id) for row in sealed] == list(enumerate(entries, start=1))
    head = Seal.objects.get()
    assert (head.number, head.first_position, head.last_position) == (1, 1, 5)
    assert bytes(head.previous_hash) == GENESIS
    assert bytes(head.merkle_root) == merkle.root([bytes(row.content_hash) for row in sealed])
    assert head.sealed_at == now
    assert not UnsealedEntry.objects.exists()
    assert seal() == 0


def test_batches_are_limited_and_chained() -> None:
    for _ in range(7):
        paid()

    assert seal(batch_max=3) == 7

    seals = list(Seal.objects.order_by("number"))
    assert [(one.first_position, one.last_position) for one in seals] == [(1, 3), (4, 6), (7, 7)]
    for previous, one in pairwise(seals):
        assert bytes(one.previous_hash) == bytes(previous.seal_hash)
    assert len(log_lines()) == 3


def test_anyone_can_check_a_seal_with_the_published_key() -> None:
    paid()
    seal()

    head, key = Seal.objects.get(), SealKey.objects.get()
    body = SealBody(
        number=1,
        first_position=1,
        last_position=1,
        merkle_root=bytes(head.merkle_root),
        previous_hash=GENESIS,
        sealed_at=head.sealed_at,
        key_id=key.key_id,
    )
    public_key = Ed25519PublicKey.from_public_bytes(bytes(key.public_key))
    public_key.verify(bytes(head.signature), body.message())  # raises when it is not good
    assert body.seal_hash() == bytes(head.seal_hash)
    assert key_id(bytes(key.public_key)) == key.key_id == head.key_id


def test_what_a_seal_signs_never_changes() -> None:
    body = SealBody(
        number=2,
        first_position=4,
        last_position=6,
        merkle_root=b"\x01" * 32,
        previous_hash=b"\x02" * 32,
        sealed_at=NOON,
        key_id="ab" * 32,
    )

    assert body.message().decode() == (
        f"trinity-seal-1\n2\n4\n6\n{'01' * 32}\n{'02' * 32}\n"
        f"2026-11-22T12:00:00.000000+00:00\n{'ab' * 32}\n"
    )


@shared
def test_an_entry_that_commits_late_takes_a_later_position(other_connection: Any) -> None:
    with transaction.atomic():
        late = paid()
        _record_elsewhere(other_connection)

        assert _seal_elsewhere(other_connection) == [1]
    seal()

    assert SealedEntry.objects.get(entry_id=late.entry_id).position == 2
    assert SealedEntry.objects.get(position=1).entry_id > late.entry_id
    assert check().is_good


def _record_elsewhere(other: Any) -> None:
    """Append on another connection while this one holds its transaction open: no lock waits."""
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        cursor.execute(
            "INSERT INTO ledger_ledgerentry (reference, key, kind, event, subject, refs, facts,"
            " mode, trace_ref, occurred_at, recorded_at, content_hash)"
            " SELECT 'led_0000000001aaaaaaaaaaaaaaaa', 'k:1', 'audit', 'e', 'user:1', '{}', '{}',"
            " 'sample', '', t, t, sha256('\\x00'::bytea || convert_to(concat_ws(chr(9),"
            " 'ledger-1', 'led_0000000001aaaaaaaaaaaaaaaa', 'k:1', 'audit', 'e', 'user:1', '[]',"
            " '{}', 'sample', '', t AT TIME ZONE 'UTC', t AT TIME ZONE 'UTC', '0;'), 'UTF8'))"
            " FROM (SELECT now() AS t)"
        )
        cursor.execute("COMMIT")


def _seal_elsewhere(other: Any) -> list[int]:
    """Seal on another connection, as the worker would."""
    mine = connections["default"]
    connections["default"] = other
    try:
        seal()
        return [row.position for row in SealedEntry.objects.using("default")]
    finally:
        connections["default"] = mine


@shared
def test_there_is_one_sealer(other_connection: Any) -> None:
    paid()
    with other_connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [SEALER_LOCK])

        assert seal() == 0

        cursor.execute("SELECT pg_advisory_unlock(%s)", [SEALER_LOCK])
    assert seal() == 1


@pytest.mark.races
@shared
def test_sealers_and_writers_at_once_leave_one_good_chain() -> None:
    def work(number: int) -> int:
        if number < 2:
            return sum(seal(batch_max=4) for _ in range(6))
        for _ in range(10):
            paid()
        return 0

    providers.signer(may_make=True, now=NOON)
    sealed = sum(at_once(work, threads=5))
    sealed += seal(batch_max=4)

    assert sealed == 30
    positions = SealedEntry.objects.order_by("position").values_list("position", flat=True)
    assert list(positions) == list(range(1, 31))
    assert len(log_lines()) == Seal.objects.count()
    assert check().counts == {}


def test_the_key_is_made_once_and_only_its_owner_may_read_it(settings: Any) -> None:
    keys = at_once(lambda _: providers.signer(may_make=True, now=NOON).public_key, threads=6)

    assert len(set(keys)) == 1
    assert stat.S_IMODE(settings.SEAL_KEY_FILE.stat().st_mode) == 0o600
    assert sorted(path.name for path in settings.SEAL_KEY_FILE.parent.glob("seal.*")) == [
        "seal.key",
        "seal.pins",
    ]
    assert load_pem_private_key(settings.SEAL_KEY_FILE.read_bytes(), password=None)


def test_a_key_that_is_gone_is_not_replaced_in_silence(settings: Any) -> None:
    paid()
    seal()
    settings.SEAL_KEY_FILE.unlink()
    paid()

    with pytest.raises(SealKeyMissing, match="there is no seal key"):
        seal()
    with pytest.raises(CommandError, match="there is no seal key"):
        call_command("seal_ledger")

    assert not settings.SEAL_KEY_FILE.exists()


def test_another_sort_of_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rsa.key").write_text("no key at all")

    with pytest.raises(ValueError, match="PEM"):
        KeyFile.load(tmp_path / "rsa.key")


@shared
def test_the_key_can_be_changed_and_older_seals_stay_good(settings: Any, now: datetime) -> None:
    paid()
    seal()
    old = own_key()

    new_id = rotate_seal_key(actor_id=7, now=now)
    paid()
    seal()

    seals = Seal.objects.order_by("number")
    assert [one.key_id for one in seals] == [key_id(old), key_id(old), new_id]
    event = AuditEvent.objects.get(event="seal_key.rotated")
    assert (event.facts["actor"], event.facts["new_key"]) == ("user:7", new_id)
    assert event.facts["old_key"] == key_id(old)
    assert stat.S_IMODE(settings.SEAL_KEY_FILE.stat().st_mode) == 0o600
    assert check().is_good
    assert {key.key_id for key in queries.published_keys()} == {key_id(old), new_id}


def test_balances_are_kept_while_sealing_and_read_with_the_tail() -> None:
    paid()
    paid(mode="test", postings=dollars(500))
    paid(postings=dollars(70, "EUR"))
    before = queries.balances()
    seal()
    assert queries.balances() == before
    paid(postings=dollars(11))

    found = {
        (line.mode, line.account): line.amount
        for line in queries.balances()
        if line.account == "assets:stripe" and line.amount.currency == "USD"
    }
    assert found == {
        ("sample", "assets:stripe"): Money(111, "USD"),
        ("test", "assets:stripe"): Money(500, "USD"),
    }
    euros = queries.balances(mode="sample", account="income:sales")
    assert [line.amount for line in euros] == [Money(-70, "EUR"), Money(-111, "USD")]


@shared
def test_what_is_derived_can_be_made_anew() -> None:
    paid()
    seal()
    paid()
    before = queries.balances()
    cheat("DELETE FROM ledger_unsealedentry; UPDATE ledger_balance SET amount_minor = 7")
    assert check().counts == {"not_listed": 1, "balance_differs": 2}

    assert rebuild_derived() == 1

    assert queries.balances() == before
    assert seal() == 1
    assert check().is_good


def test_how_far_the_sealing_is(now: datetime) -> None:
    empty = queries.seal_state()
    assert (empty.number, empty.seal_hash, empty.entries_waiting) == (0, "", 0)
    paid(now=now)
    paid(now=now + timedelta(seconds=1))
    waiting = queries.seal_state()
    assert (waiting.entries_waiting, waiting.oldest_waiting_at) == (2, now)
    seal()

    state, head = queries.seal_state(), Seal.objects.get()
    assert (state.number, state.last_position, state.entries_waiting) == (1, 2, 0)
    assert (state.seal_hash, state.oldest_waiting_at) == (bytes(head.seal_hash).hex(), None)


def test_every_entry_has_a_proof_of_its_seal() -> None:
    entries = [paid().entry_id for _ in range(7)]
    assert queries.inclusion_proof(entry_id=entries[0]) is None
    seal(batch_max=5)

    for position, entry_id in enumerate(entries, start=1):
        proof = queries.inclusion_proof(entry_id=entry_id)
        assert proof is not None
        assert (proof.position, proof.seal.number) == (position, 1 if position <= 5 else 2)
        root = merkle.root_from_path(proof.content_hash, proof.steps)
        assert root == bytes(proof.seal.merkle_root)


@pytest.mark.django_db(transaction=True)
def test_sealing_many_leaves_nothing_to_read_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "TIDY_FROM", 3)

    def pages_of_the_list() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_relation_size('ledger_unsealedentry')")
            return int(cursor.fetchone()[0])

    for count, is_tidied in ((2, False), (3, True)):
        for _ in range(count):
            paid()
        assert seal() == count
        assert (pages_of_the_list() == 0) is is_tidied


def test_the_worker_seals_by_name_every_ten_seconds() -> None:
    paid()

    assert app.tasks["ledger.seal"].name == seal_task.name
    assert SWEEPS_EVERY_S["ledger.seal"] == 10
    assert seal_task() == 1
    assert log_lines()


def test_the_command_seals_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    paid()

    call_command("seal_ledger", "--rebuild")
    call_command("rotate_seal_key")

    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["Listed again: 0 entries. Balances summed.", "Sealed 1 entries."]
    assert said[2].startswith("Seals are signed with key ")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_unsealedentry")
        assert cursor.fetchone() == (0,)  # the old key sealed the audit entry of the rotation
