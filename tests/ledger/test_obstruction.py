"""Who may insert where the sealer inserts, as every page may, can neither stop nor mislead it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from ledger.adapters.key_file import KeyFile
from ledger.exchanges import seals as sealing
from ledger.models import SEALER_LOCK, LedgerEntry, Seal, SealedEntry, SealKey, UnsealedEntry
from ledger.ports import SealerHeldUp, SealForged, key_id
from ledger.queries.holders import sealer_held_up_by
from tests.ledger.entries import check, paid, seal
from tests.ledger.reports import codes
from tests.owner import as_owner
from trinity.doctor import books
from trinity.doctor.findings import Level

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> Iterator[Any]:
    """A second session, as another process has one."""
    connection.ensure_connection()
    made = connections.create_connection("default")
    yield made
    with made.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")  # it goes back to the pool
    made.close()


def place(position: int, entry_id: int, content_hash: bytes) -> None:
    SealedEntry.objects.create(position=position, entry_id=entry_id, content_hash=content_hash)


@pytest.mark.usefixtures("references")
def test_a_place_taken_beforehand_is_sealed_as_if_the_sealer_had_taken_it() -> None:
    for entry in [paid(), paid()]:
        last = SealedEntry.objects.latest("position").position
        stored = LedgerEntry.objects.get(pk=entry.entry_id)
        place(last + 1, entry.entry_id, bytes(stored.content_hash))
    assert codes(check()) == {"positions_without_seal": 1, "balance_differs": 2}

    assert seal(batch_max=2) == 3

    assert not UnsealedEntry.objects.exists()
    assert check().is_good


@pytest.mark.parametrize(("ahead", "content_hash"), [(1, b"\x01" * 32), (2, None), (10**15, None)])
def test_nothing_else_can_be_put_into_the_sealed_order(
    ahead: int, content_hash: bytes | None, references: list[str]
) -> None:
    waiting = LedgerEntry.objects.get(reference=references[-1])

    with pytest.raises(DatabaseError, match=r"is not the next one|has the hash of the entry"):
        place(9 + ahead, waiting.pk, content_hash or bytes(waiting.content_hash))

    assert seal() == 1
    assert check().is_good


def forged(signer: KeyFile, key: str) -> None:
    """Insert the seal that would come next, but for its signature."""
    last = Seal.objects.latest("number")
    Seal.objects.create(
        number=last.number + 1,
        first_position=last.last_position + 1,
        last_position=last.last_position + 1,
        merkle_root=bytes(32),
        previous_hash=last.seal_hash,
        seal_hash=b"\x01" * 32,
        sealed_at=timezone.now(),
        key_id=key,
        signature=signer.sign(b"something else"),
    )


def test_a_seal_that_nobody_signed_is_neither_told_to_the_world_nor_gone_on_from(
    references: list[str], settings: Any, tmp_path: Any
) -> None:
    logged = settings.SEALS_LOG.read_text()
    forged(KeyFile.load_or_make(tmp_path / "forger.key"), Seal.objects.latest("number").key_id)

    with pytest.raises(SealForged, match="seal 4 is not signed by our key"):
        seal()
    with pytest.raises(CommandError, match="somebody wrote it into the database"):
        call_command("seal_ledger")

    assert settings.SEALS_LOG.read_text() == logged
    assert "signature_bad" in codes(check())


def test_nor_is_one_that_a_stranger_signed(
    references: list[str], settings: Any, tmp_path: Any
) -> None:
    logged = settings.SEALS_LOG.read_text()
    stranger = KeyFile.load_or_make(tmp_path / "forger.key")
    name = key_id(stranger.public_key)
    SealKey.objects.create(
        key_id=name, public_key=stranger.public_key, first_used_at=timezone.now()
    )
    forged(stranger, name)

    with pytest.raises(CommandError, match="somebody wrote seal 4 with a key of theirs"):
        call_command("seal_ledger")

    assert settings.SEALS_LOG.read_text() == logged
    assert "key_unknown" in codes(check())


@pytest.mark.usefixtures("references")
def test_who_holds_the_sealers_lock_is_named(other: Any) -> None:
    out = StringIO()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s), pg_backend_pid()", [SEALER_LOCK])
        [(_, pid)] = cursor.fetchall()

        call_command("seal_ledger", stdout=out)

        assert "Sealed 0 entries." in out.getvalue()
        assert f"the sealer's lock is held by session {pid} of " in out.getvalue()
        assert [holder.pid for holder in sealer_held_up_by()] == [pid]
        cursor.execute("SELECT pg_advisory_unlock(%s)", [SEALER_LOCK])
    call_command("seal_ledger", stdout=out)
    assert out.getvalue().endswith("Sealed 1 entries.\n")


@pytest.mark.usefixtures("references")
def test_who_holds_what_the_sealer_needs_for_long_is_told_by_doctor(
    other: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s), pg_backend_pid()", [SEALER_LOCK])
        [(_, pid)] = cursor.fetchall()
        with as_owner():  # as whom the other one logged in: others are not told since when
            assert [found.level for found in books.look_at_sealing()] == [Level.OK]
        monkeypatch.setattr(books, "HELD_UP_FROM", timedelta(0))

        [found] = books.look_at_sealing()

    assert found.level == Level.BAD
    assert f"pg_terminate_backend({pid})" in found.remedy


@pytest.mark.usefixtures("references")
def test_the_sealer_does_not_wait_for_ever_for_rows_that_somebody_holds(
    other: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "LOCK_TIMEOUT_S", 0.1)
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT pg_backend_pid() FROM ledger_unsealedentry FOR UPDATE")
        [(pid,)] = cursor.fetchall()

        with pytest.raises(SealerHeldUp, match=f"held by session {pid} of "):
            seal()

        cursor.execute("ROLLBACK")
    assert seal() == 1
