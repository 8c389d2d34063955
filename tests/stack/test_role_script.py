"""What a container's database runs once, and whoever upgrades 0.1 by hand: the two roles."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from psycopg import sql

from trinity.stack import binaries
from trinity.stack.home import ROOT, Home
from trinity.stack.private import neutral

PASSWORDS = {"TRINITY_DB_PASSWORD": "owners", "TRINITY_APP_DB_PASSWORD": "it's pages'"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A Postgres of its own, as its superuser reaches it."""
    home = Home(tmp_path_factory.mktemp("roles"))
    command = [sys.executable, "-c", "import os; print(os.environ['DATABASE_URL']); input()"]
    process = subprocess.Popen(
        [sys.executable, "-m", "trinity.stack", "services", "--", *command],
        cwd=ROOT,
        env=neutral(os.environ) | {"TRINITY_HOME": str(home.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    url = urlsplit(process.stdout.readline())
    yield {
        "PATH": f"{next(binaries.find()).folder}:{os.environ['PATH']}",
        "PGHOST": parse_qs(url.query)["host"][0],
        "PGPASSWORD": home.secret("postgres-superuser-password"),
    }
    process.communicate("\n")
    assert process.returncode == 0


def run_script(server: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "docker/create-role.sh"],
        cwd=ROOT,
        env=server | PASSWORDS,
        capture_output=True,
        text=True,
        check=False,
    )


def as_superuser(server: dict[str, str], *statements: sql.Composed | str) -> None:
    with psycopg.connect(
        host=server["PGHOST"],
        user="postgres",
        password=server["PGPASSWORD"],
        dbname="trinity",
        autocommit=True,
    ) as database:
        for statement in statements:
            database.execute(statement)


def may_create_large_objects(server: dict[str, str]) -> tuple[bool, ...]:
    """Say it of each of the three functions that do, for the role of pages."""
    with psycopg.connect(
        host=server["PGHOST"], user="postgres", password=server["PGPASSWORD"], dbname="trinity"
    ) as database:
        [row] = database.execute(
            "SELECT has_function_privilege('trinity_app', 'lo_creat(integer)', 'EXECUTE'),"
            " has_function_privilege('trinity_app', 'lo_create(oid)', 'EXECUTE'),"
            " has_function_privilege('trinity_app', 'lo_from_bytea(oid, bytea)', 'EXECUTE')"
        ).fetchall()
    return tuple(row)


@pytest.mark.slow
def test_what_is_missing_is_made_and_what_is_there_stays(
    server: dict[str, str], tmp_path: Path
) -> None:
    assert may_create_large_objects(server) == (False, False, False)  # as bin/run made it
    as_superuser(
        server,
        "DROP OWNED BY trinity_app",
        "DROP ROLE trinity_app",
        "GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC",
    )

    for _ in range(2):
        done = run_script(server)
        assert (done.returncode, done.stderr) == (0, "")
    with psycopg.connect(
        host=server["PGHOST"],
        user="trinity_app",
        password=PASSWORDS["TRINITY_APP_DB_PASSWORD"],
        dbname="trinity",
    ) as database:
        [row] = database.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchall()
    assert row == (False, False, False)
    assert may_create_large_objects(server) == (False, False, False)
    with pytest.raises(psycopg.OperationalError, match="password"):  # the owner's is kept
        psycopg.connect(host=server["PGHOST"], user="trinity", password="owners", dbname="trinity")


@pytest.mark.slow
def test_it_asks_for_both_passwords(server: dict[str, str]) -> None:
    done = subprocess.run(
        ["sh", "docker/create-role.sh"],
        cwd=ROOT,
        env=server | {"TRINITY_DB_PASSWORD": "owners"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "set TRINITY_APP_DB_PASSWORD in .env" in done.stderr
