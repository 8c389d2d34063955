"""The database that tests copy is the one that migrating would make now."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest

from tests import migrated


def test_it_is_made_anew_after_a_change_to_whatever_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrated.made_from()
    with psycopg.connect(os.environ["DATABASE_URL"]) as server:
        [comment] = server.execute(migrated.IS_THERE, (migrated.DATABASE,)).fetchone() or ()
    read = comment.split("\n")[1:]
    assert {
        *("revenue/migrations/0001_initial.py", "revenue/models/orders.py"),
        *("toolrouter/guards.py", "trinity/roles.py", "trinity/settings.py", "kernel/grants.py"),
    } <= set(read)
    assert migrated._is_current(comment)

    monkeypatch.setattr(migrated, "ROOT", tmp_path)
    for file in {*read, *migrated.OTHERS}:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes((Path(migrated.__file__).parents[1] / file).read_bytes())
    assert migrated._is_current(comment)
    (tmp_path / "revenue/migrations/9999_later.py").touch()
    assert not migrated._is_current(comment)
    (tmp_path / "revenue/migrations/9999_later.py").unlink()
    (tmp_path / "trinity/roles.py").write_text("ROLES = {}")
    assert not migrated._is_current(comment)
