"""One migrated database for all workers of a run: each of them works on a copy of it.

Migrating costs as much as a hundred tests, so it stays in the server for the next run too, as long
as every file of ours that migrating reads is what it was. ``tests/stack/test_whole_stack.py``
migrates from nothing in every run, ``tests/upgrades`` from older versions.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg
from django.core.management import call_command
from psycopg import sql

from trinity.stack.home import ROOT

DATABASE: Final = "migrated_for_tests"
UNFINISHED: Final = f"{DATABASE}_unfinished"
LOCK: Final = 0x7E57  # workers take turns: the first makes it
ADDRESSES: Final = ("DATABASE_URL", "MIGRATION_DATABASE_URL")
OTHERS: Final = ("requirements.lock", "tests/migrated.py")  # other apps' migrations, and this
IS_THERE: Final = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"


def made_from() -> str:
    """Return a digest of all that made the database, which is made anew where that has changed."""
    owner = os.environ.get(ADDRESSES[1]) or os.environ[ADDRESSES[0]]
    with psycopg.connect(owner, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", (LOCK,))  # until the connection ends
        found = server.execute(IS_THERE, (DATABASE,)).fetchone()
        comment = found and found[0]
        if not (comment and _is_current(comment)):
            comment = _make(server)
    return str(comment.split("\n")[0])


def _make(server: psycopg.Connection) -> str:
    """Migrate under another name: what is interrupted is never taken for whole."""
    name, unfinished = sql.Identifier(DATABASE), sql.Identifier(UNFINISHED)
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(unfinished))
    server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(unfinished))
    there = {
        address: urlunsplit(urlsplit(os.environ[address])._replace(path=f"/{UNFINISHED}"))
        for address in ADDRESSES
        if address in os.environ
    }
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        cwd=ROOT,
        env=os.environ | there,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    read = done.stdout.split("\n")
    comment = "\n".join([_digest(read), *read])
    server.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(unfinished, sql.Literal(comment)))
    # What somebody is connected to cannot be copied.
    server.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(unfinished))
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
    server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(unfinished, name))
    return comment


def _is_current(comment: str) -> bool:
    digest, *read = comment.split("\n")
    return digest == _digest(read)


def _digest(read: Iterable[str]) -> str:
    """Return a digest of the files that were read, and of every migration that there is now."""
    migrations = (str(file.relative_to(ROOT)) for file in _ours() if "migrations" in file.parts)
    found = sha256()
    for name in sorted({*read, *migrations, *OTHERS}):
        file = ROOT / name
        found.update(f"{name}\0".encode() + (file.read_bytes() if file.is_file() else b"-") + b"\0")
    return found.hexdigest()


def _migrate() -> None:
    """Migrate the database that the environment names; print which of our files that needed."""
    os.environ |= {"DATABASE_AS_OWNER": "1", "DATABASE_POOL": "0"}
    django.setup()
    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    files = (getattr(module, "__file__", None) for module in [*sys.modules.values()])
    read = {Path(file) for file in files if file}.intersection(_ours())
    print("\n".join(sorted(str(file.relative_to(ROOT)) for file in read)), end="")


def _ours() -> Iterator[Path]:
    for folder in ROOT.iterdir():
        if folder.is_dir() and not folder.name.startswith("."):
            yield from folder.rglob("*.py")


if __name__ == "__main__":
    _migrate()
