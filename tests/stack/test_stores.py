"""Postgres and Valkey around a command: real servers, started and gone again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from trinity.stack import StackError, binaries, postgres, stores
from trinity.stack.home import ROOT, Home
from trinity.stack.postgres import Cluster
from trinity.stack.run_as import candidates
from trinity.stack.valkey import Valkey

REPORT = """
import json, os, psycopg, redis
RIGHTS = "SELECT rolsuper::text || rolcreatedb::text FROM pg_roles WHERE rolname = current_user"
with psycopg.connect(os.environ["DATABASE_URL"]) as db:
    application = db.execute(RIGHTS).fetchone()[0]
with psycopg.connect(os.environ["MIGRATION_DATABASE_URL"], autocommit=True) as db:
    def one(query): return db.execute(query).fetchone()[0]
    print(json.dumps({
        "application": application,
        "owner": one(RIGHTS),
        "fsync": one("SHOW fsync"),
        "synchronous_commit": one("SHOW synchronous_commit"),
        "listen_addresses": one("SHOW listen_addresses"),
        "locale": one("SELECT datcollate FROM pg_database WHERE datname = current_database()"),
        "appendonly": redis.Redis.from_url(os.environ["REDIS_URL"]).config_get("appendonly"),
        "kept": one("SELECT to_regclass('kept') IS NOT NULL"),
    }))
    db.execute("CREATE TABLE IF NOT EXISTS kept ()")
raise SystemExit(7)
"""


ADDRESSES = {"DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL"}


def services(home: Path, *command: str) -> subprocess.Popen[str]:
    env = {k: v for k, v in os.environ.items() if k not in ADDRESSES}
    return subprocess.Popen(
        [sys.executable, "-m", "trinity.stack", "services", "--", *command],
        cwd=ROOT,
        env=env | {"TRINITY_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def processes_of(home: Path) -> list[str]:
    """Return the command lines of all processes that have to do with ``home``."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(home) in words and int(folder.name) != os.getpid():
            found.append(words.replace(b"\0", b" ").decode(errors="replace")[:120])
    return found


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What a command sees between the stores, twice in the same home."""
    home = tmp_path_factory.mktemp("home with space") / "h"
    found = []
    for _ in range(2):
        with services(home, sys.executable, "-c", REPORT) as run:
            output, errors = run.communicate(timeout=60)
        assert (run.returncode, errors) == (7, "")
        assert processes_of(home) == []
        assert not Home(home).socket_folder().exists()
        found.append(json.loads(output))
    return found


def test_the_command_finds_a_durable_private_database(reports: list[dict[str, Any]]) -> None:
    report = reports[0]

    assert (report["owner"], report["application"]) == ("falsetrue", "falsefalse")
    assert (report["fsync"], report["synchronous_commit"]) == ("on", "on")
    assert report["listen_addresses"] == ""
    assert report["locale"] == "C.UTF-8"
    assert report["appendonly"] == {"appendonly": "yes"}


def test_data_is_kept_from_one_run_to_the_next(reports: list[dict[str, Any]]) -> None:
    assert [report["kept"] for report in reports] == [False, True]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_command_and_stores(tmp_path: Path, number: signal.Signals) -> None:
    wait = "import time; print('up', flush=True); time.sleep(60)"
    with services(tmp_path / "h", sys.executable, "-c", wait) as run:
        assert run.stdout
        assert run.stdout.readline() == "up\n"
        assert any("postgres" in each for each in processes_of(tmp_path / "h"))
        run.send_signal(number)
        run.wait(timeout=60)
    deadline = time.monotonic() + 60
    while processes_of(tmp_path / "h"):
        assert time.monotonic() < deadline, processes_of(tmp_path / "h")
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("env", "word"),
    [
        ({"DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x"}, "DATABASE_URL cannot be reached"),
        (
            {"DATABASE_URL": "postgres://u:secret@/x?host=/nowhere"},
            "DATABASE_URL cannot be reached",
        ),
        ({"DATABASE_URL": "sqlite:///secret.db"}, "needs Postgres"),
        (
            {"MIGRATION_DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x"},
            "MIGRATION_DATABASE_URL is set without DATABASE_URL",
        ),
        ({"REDIS_URL": "redis://:secret@127.0.0.1:1/0"}, "REDIS_URL cannot be reached"),
        ({"REDIS_URL": "amqp://secret"}, "REDIS_URL cannot be reached"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_sentence(env: dict[str, str], word: str) -> None:
    with pytest.raises(StackError, match=word) as refused:
        stores.check_named(env)
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def cluster(home: Home, *, version: int) -> Cluster:
    return Cluster(
        home=home,
        who=candidates()[0],
        base=home.path / "postgres",
        programs=Path("/pg"),
        version=version,
        sockets=home.path / "run",
    )


def test_an_older_postgres_gets_no_builtin_locale(tmp_path: Path) -> None:
    old, new = (
        cluster(Home(tmp_path), version=version)._initdb_argv(tmp_path, tmp_path)
        for version in (15, 18)
    )
    assert "--locale-provider=builtin" in new
    assert "--locale-provider=builtin" not in old
    assert {"--locale=C.UTF-8", "--auth=scram-sha-256"} <= set(old) & set(new)


def test_a_copy_of_the_programs_runs_without_the_wheel(tmp_path: Path) -> None:
    who, original = candidates()[0], next(binaries.find())
    before = os.umask(0o077)
    copy = original.copied_to(tmp_path)
    os.umask(before)

    assert copy.folder.is_relative_to(tmp_path)
    assert copy.version(who) == original.version(who)
    modes = {each.stat().st_mode & 0o005 for each in (tmp_path / "software").rglob("*/")}
    assert modes == {0o005}, "somebody else must be able to read them"
    assert original.copied_to(tmp_path) == copy


def test_data_of_a_postgres_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="written by Postgres 9, which is not installed any more"):
        binaries.choose(who=candidates()[0], base=tmp_path, major=9)


def test_postgres_never_runs_as_root() -> None:
    for who in candidates():
        assert who.run(["id", "-u"], timeout_s=10).stdout.strip() != "0"


def test_a_lock_file_of_a_reused_pid_is_removed_and_a_servers_is_kept(tmp_path: Path) -> None:
    made = cluster(Home(tmp_path), version=18)
    made.data.mkdir(parents=True)
    lock = made.data / "postmaster.pid"

    wait = "import time; print('up', flush=True); time.sleep(60)"
    argv = [sys.executable, "-c", wait, str(made.data)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as server:
        assert server.stdout
        server.stdout.readline()
        lock.write_text(f"{server.pid}\n{made.data}\n")
        made.forget_stale_lock()
        assert lock.exists()
        server.kill()

    lock.write_text(f"{os.getpid()}\n{made.data}\n")
    made.forget_stale_lock()
    assert not lock.exists()


def test_addresses_of_sockets_are_read_by_django_and_drivers(tmp_path: Path) -> None:
    home = Home(tmp_path)
    made = cluster(home, version=18)
    for url, role, secret in (
        (made.owner_url, "trinity", "postgres-password"),
        (made.url, "trinity_app", "postgres-app-password"),
    ):
        password = home.secret(secret)
        assert url == f"postgresql://{role}:{password}@/trinity?host={tmp_path}/run"
    assert Valkey(home=home, sockets=tmp_path).url == f"unix://{tmp_path}/valkey.sock?db=0"


def test_passwords_that_do_not_fit_the_data_are_one_sentence(tmp_path: Path) -> None:
    home = tmp_path / "h"
    with services(home, "true") as first:
        assert first.wait(timeout=60) == 0
    (home / "postgres-superuser-password").write_text("another\n")

    with services(home, "true") as second:
        _, errors = second.communicate(timeout=60)

    assert second.returncode == 1
    assert errors.startswith(f"Trinity: The passwords in {home} do not fit the data")
    assert errors.count("\n") == 1
    assert postgres.last_line(errors) == errors.strip()


def test_data_of_an_older_version_gets_the_second_role(tmp_path: Path) -> None:
    """Its owner is kept, with the same password; the role of pages is made beside it."""
    home = tmp_path / "h"
    drop = (
        "import os, psycopg;"
        "db = psycopg.connect(os.environ['MIGRATION_DATABASE_URL'], autocommit=True,"
        " user='postgres', password=open(os.environ['TRINITY_HOME']"
        " + '/postgres-superuser-password').read().strip());"
        "db.execute('DROP ROLE trinity_app')"
    )
    look = (
        "import os, psycopg;"
        "print(psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT current_user')"
        ".fetchone()[0])"
    )
    for command, said in ((drop, ""), (look, "trinity_app\n")):
        with services(home, sys.executable, "-c", command) as run:
            assert run.communicate(timeout=60) == (said, "")
