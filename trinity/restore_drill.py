"""A restore drill: a backup is restored into a database of its own, verified there, and dropped.

A backup that nobody restored is a hope. The parts are the ones of ``docs/operations.md``:
``pg_dump``, ``pg_restore``, ``migrate`` and ``verify_ledger``.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from trinity.stack import binaries
from trinity.stack.home import ROOT

VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
# libpq reads these from the environment, where no list of processes shows a password.
LIBPQ: Final = {"dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"} | {
    name: f"PG{name.upper()}" for name in ("host", "port", "user", "password")
}
NAME_CHARS_MAX: Final = 48  # Postgres cuts names at 63 bytes
OUR_TABLES: Final = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = 'public' ORDER BY c.relname
"""


class DrillFailed(Exception):
    """The backup did not bring the books back, or could not be tried. Says what, and what to do."""


class Tools:
    """``pg_dump`` and ``pg_restore`` that are as new as the server at ``url``."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url) as database:
            server = database.info.server_version // 10_000
        self._folder = _folder(at_least=server)

    def run(self, name: str, *arguments: str, url: str) -> None:
        """Run one of them on the database at ``url``; raises DrillFailed with its last words."""
        known = {
            LIBPQ[key]: str(value) for key, value in conninfo_to_dict(url).items() if key in LIBPQ
        }
        _run(name, [str(self._folder / name), *arguments], env=os.environ | known)


def back_up(url: str, *, to: Path, tools: Tools) -> dict[str, int]:
    """Write a backup of the database at ``url``; return each table's rows, of the same moment."""
    with psycopg.connect(url) as database:
        database.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        snapshot = _value(database, "SELECT pg_export_snapshot()")
        rows = _rows(database)
        os.close(os.open(to, os.O_CREAT | os.O_EXCL, 0o600))  # everything about everybody
        arguments = (
            *("--format=custom", "--no-owner", "--no-privileges"),
            *(f"--snapshot={snapshot}", f"--file={to}"),
        )
        tools.run("pg_dump", *arguments, url=url)
    return rows


@contextmanager
def empty_database(url: str) -> Iterator[str]:
    """Make a database beside the one at ``url``; give its address; drop it in any case."""
    with psycopg.connect(url, autocommit=True) as server:
        name = f"{server.info.dbname[:NAME_CHARS_MAX]}_drill_{secrets.token_hex(4)}"
        try:
            server.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
            )
        except psycopg.errors.InsufficientPrivilege:
            role = server.info.user
            raise DrillFailed(
                f"The role {role} may not make databases. Try the backup on a machine with a "
                f"stack of its own, or let it: ALTER ROLE {role} CREATEDB."
            ) from None
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            # Not WITH (FORCE): that may not end a vacuum worker, which plain DROP sends away.
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def restore(backup: Path, *, url: str, tools: Tools) -> dict[str, int]:
    """Restore into the empty database at ``url``; return each table's rows."""
    arguments = (
        *("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"),
        *("--dbname=", str(backup)),
    )
    tools.run("pg_restore", *arguments, url=url)
    with psycopg.connect(url) as database:
        return _rows(database)


def manage(*arguments: str, url: str, seals_log: Path) -> str:
    """Run a command of ours on the database at ``url``; return what it printed.

    Raises DrillFailed with all that it said when it is not content.
    """
    env = os.environ | {
        "DATABASE_URL": url,
        "MIGRATION_DATABASE_URL": url,
        "SEALS_LOG": str(seals_log),
    }
    name = f"manage.py {arguments[0]}"
    return _run(name, [sys.executable, str(ROOT / "manage.py"), *arguments], env=env)


def _rows(database: psycopg.Connection) -> dict[str, int]:
    counts = {}
    for (table,) in database.execute(OUR_TABLES).fetchall():
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        counts[table] = int(_value(database, query))
    return counts


def _value(database: psycopg.Connection, query: LiteralString | sql.Composed) -> str:
    [(value,)] = database.execute(query).fetchall()
    return str(value)


def _folder(*, at_least: int) -> Path:
    for found in binaries.find():
        program = found.folder / "pg_dump"
        if program.exists():
            result = subprocess.run(
                [program, "--version"], capture_output=True, text=True, check=False
            )
            version = VERSION.search(result.stdout)
            if version and int(version[1]) >= at_least:
                return found.folder
    raise DrillFailed(
        f"No pg_dump of Postgres {at_least} or newer is here; install it "
        f"(Debian: apt-get install postgresql-client)."
    )


def _run(name: str, command: Sequence[str], *, env: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DrillFailed(f"{name} failed.\n{(done.stdout + done.stderr).strip()}")
    return done.stdout
