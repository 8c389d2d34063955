"""The restore drill: a good backup holds, and each way in which it does not is told."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ledger.models import LedgerEntry
from tests.ledger.conftest import _seal_files, cheat, references
from tests.ledger.entries import paid, seal
from trinity.restore_drill import Tools, back_up

__all__ = ["_seal_files", "references"]

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("references"),
    pytest.mark.slow,
]


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch, settings: Any) -> str:
    """Tell the commands of the drill where this test's database and key are."""
    name = str(connection.settings_dict["NAME"])
    for known in ("DATABASE_URL", "MIGRATION_DATABASE_URL"):
        url = urlunsplit(urlsplit(os.environ[known])._replace(path=f"/{name}"))
        monkeypatch.setenv(known, url)
    monkeypatch.setenv("SEAL_KEY_FILE", str(settings.SEAL_KEY_FILE))
    return url


def drill(*options: str) -> str:
    out = StringIO()
    call_command("restore_drill", *options, stdout=out, no_color=True)
    return out.getvalue()


def left_behind() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database"
            " WHERE starts_with(datname, current_database() || '_drill')"
        )
        return [name for (name,) in cursor.fetchall()]


def test_a_backup_is_restored_verified_and_dropped() -> None:
    said = drill()

    assert "9 sealed entries under 3 seals, 1 waiting for one; 3 heads kept outside." in said
    assert "The ledger is good: nothing differs." in said
    assert "The backup holds: restored in" in said
    assert left_behind() == []


def test_what_somebody_changed_in_the_books_is_found_in_the_backup() -> None:
    first = LedgerEntry.objects.order_by("id")[0]
    cheat(f"UPDATE ledger_ledgerentry SET facts = '{{}}' WHERE id = {first.pk}")

    with pytest.raises(CommandError, match=rf"(?s)verify_ledger.*{first.reference}.*NOT hold"):
        drill()
    assert left_behind() == []


def test_an_older_backup_is_held_against_the_log_that_was_kept_with_it(
    address: str, tmp_path: Path, settings: Any
) -> None:
    backup, log = tmp_path / "older.dump", tmp_path / "kept.log"
    back_up(address, to=backup, tools=Tools(address))
    log.write_bytes(settings.SEALS_LOG.read_bytes())
    paid()
    seal()

    assert "The backup holds" in drill("--dump", str(backup), "--seals-log", str(log))
    assert "a removed tail would not show" in drill("--dump", str(backup))
    with pytest.raises(CommandError, match="entries are gone"):
        drill("--dump", str(backup), "--seals-log", str(settings.SEALS_LOG))


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.dump"
    broken.write_bytes(b"PGDMP, but no more")

    with pytest.raises(CommandError, match=r"(?s)pg_restore failed.*NOT hold"):
        drill("--dump", str(broken))
    with pytest.raises(CommandError, match="There is no file"):
        drill("--dump", str(tmp_path / "nothing"))
    with pytest.raises(CommandError, match="give --dump as well"):
        drill("--seals-log", str(broken))
    assert left_behind() == []


def test_a_backup_is_for_its_owners_eyes(address: str, tmp_path: Path) -> None:
    rows = back_up(address, to=tmp_path / "made.dump", tools=Tools(address))

    assert rows["ledger_ledgerentry"] == 10
    assert (tmp_path / "made.dump").stat().st_mode & 0o777 == 0o600
