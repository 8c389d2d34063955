"""The stack's own Postgres: made once, private to one unix socket, durable."""

import contextlib
import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
from psycopg import sql

from trinity.stack import binaries
from trinity.stack.children import Program
from trinity.stack.errors import StackError
from trinity.stack.home import Home, claim_folder
from trinity.stack.run_as import SEARCH_PATH, RunAs, as_user, candidates

SUPERUSER: Final = "postgres"
OWNER: Final = "trinity"
APPLICATION: Final = "trinity_app"
# Neither is superuser. The owner makes databases for tests and restore drills.
ROLES: Final = {OWNER: "postgres-password", APPLICATION: "postgres-app-password"}
DATABASE: Final = "trinity"
# We keep none, and anybody could fill the disk with them. Only a superuser can close the functions.
NO_LARGE_OBJECTS: Final = (
    "REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea)"
    " FROM PUBLIC"
)
BUILTIN_LOCALE_SINCE: Final = 17
# What money rests on is said aloud, whatever the defaults of a build are.
DURABLE: Final = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One data folder with the programs and the user that serve it."""

    home: Home
    who: RunAs
    base: Path
    programs: Path
    version: int
    sockets: Path

    @property
    def data(self) -> Path:
        """Where the tables are."""
        return self.base / "data"

    @property
    def url(self) -> str:
        """The address for the application, in a form that psycopg and django-environ both read."""
        return self._url(APPLICATION)

    @property
    def owner_url(self) -> str:
        """The address for whoever migrates, tests or restores."""
        return self._url(OWNER)

    def _url(self, role: str) -> str:
        password = self.home.secret(ROLES[role])
        return f"postgresql://{role}:{password}@/{DATABASE}?host={quote(str(self.sockets))}"

    @property
    def is_made(self) -> bool:
        """Whether there is data, all of it."""
        return (self.data / "PG_VERSION").exists()

    @contextlib.contextmanager
    def making(self) -> Iterator[Program]:
        """Yield the program that makes the data; it counts only when the caller gets through.

        What is interrupted leaves nothing that looks finished.
        """
        unfinished = self.base / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        with self._password_file() as password_file:
            yield Program(
                name="initdb",
                argv=(*self.who.prefix, *self._initdb_argv(unfinished, password_file)),
                env=self._env(),
                log=self.home.log / "initdb.log",
                cwd=Path("/"),
                user=self.who.user,
                group=self.who.group,
            )
        unfinished.rename(self.data)

    def program(self) -> Program:
        """Return the server as a program of the stack. SIGINT is its quick, clean stop."""
        options = {
            **DURABLE,
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "logging_collector": "off",
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            argv=(
                *self.who.prefix,
                str(self.programs / "postgres"),
                "-D",
                str(self.data),
                *settings,
            ),
            env=self._env(),
            log=self.home.log / "postgres.log",
            cwd=Path("/"),
            stop_signal=signal.SIGINT,
            stop_s=5.0,
            user=self.who.user,
            group=self.who.group,
        )

    def forget_stale_lock(self) -> None:
        """Remove a lock file whose pid now belongs to a stranger; Postgres would refuse to start.

        The caller holds the home's lock and has cleared leftovers, so no server of ours runs.
        """
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        pid = lock.read_text().split("\n", 1)[0].strip()
        command = Path(f"/proc/{pid}/cmdline")
        with contextlib.suppress(OSError):  # It ended while we looked.
            if command.exists() and str(self.data).encode() not in command.read_bytes():
                lock.unlink()

    def answers(self) -> bool:
        """Say whether the server takes connections."""
        try:
            with self._superuser():
                return True
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StackError(
                    f"The passwords in {self.home.path} do not fit the data in {self.base}; "
                    "restore them from a backup, or set TRINITY_HOME to a new folder."
                ) from error
            return False

    def make_roles(self) -> None:
        """Make the two roles and the database, each once, also beside data of an older version.

        The owner may act as the application's role, so that tests have its rights.
        """
        with self._superuser() as connection:
            for role, password in ROLES.items():
                if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
                    connection.execute(
                        sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}").format(
                            sql.Identifier(role),
                            sql.SQL("CREATEDB" if role == OWNER else "NOCREATEDB"),
                            sql.Literal(self.home.secret(password)),
                        )
                    )
            connection.execute(
                sql.SQL("GRANT {} TO {}").format(sql.Identifier(APPLICATION), sql.Identifier(OWNER))
            )
            if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER)
                    )
                )
        with self._superuser(DATABASE) as connection:
            connection.execute(NO_LARGE_OBJECTS)

    def _superuser(self, database: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=str(self.sockets),
            user=SUPERUSER,
            password=self.home.secret("postgres-superuser-password"),
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def _initdb_argv(self, folder: Path, password_file: Path) -> list[str]:
        provider = ["--locale-provider=builtin"] if self.version >= BUILTIN_LOCALE_SINCE else []
        return [
            str(self.programs / "initdb"),
            f"--pgdata={folder}",
            f"--username={SUPERUSER}",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            *provider,
            "--locale=C.UTF-8",
            "--encoding=UTF8",
            "--data-checksums",
            "--no-instructions",
        ]

    @contextlib.contextmanager
    def _password_file(self) -> Iterator[Path]:
        file = self.base / "pwfile"
        file.unlink(missing_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as handle:
                handle.write(self.home.secret("postgres-superuser-password") + "\n")
                os.fchown(handle.fileno(), self.who.owner_uid, self.who.owner_gid)
            yield file
        finally:
            file.unlink()

    def _env(self) -> dict[str, str]:
        # TZ spares initdb a search through all time zones.
        return {
            "PATH": SEARCH_PATH,
            "LC_ALL": "C",
            "TZ": "UTC",
            "TRINITY_HOME": str(self.home.path),
        }


def locate(home: Home) -> Cluster:
    """Decide where the data is, who serves it and with which programs. Raises StackError."""
    pointer = home.path / "postgres.where"
    base = Path(pointer.read_text().strip()) if pointer.exists() else home.path / "postgres"
    data = base / "data"
    if (data / "PG_VERSION").exists():
        who = _who_serves(data)
    else:
        base, who = _settle(home, wanted=base)
        if base != home.path / "postgres":
            pointer.write_text(f"{base}\n")
    major = (data / "PG_VERSION").read_text() if (data / "PG_VERSION").exists() else ""
    chosen, version = binaries.choose(who=who, base=base, major=int(major) if major else None)
    return Cluster(
        home=home,
        who=who,
        base=base,
        programs=chosen.folder,
        version=version,
        sockets=_claim_sockets(home, who),
    )


def _who_serves(data: Path) -> RunAs:
    """Return the way to serve data that exists: as the one who owns it."""
    found = data.stat()
    if os.geteuid() not in (0, found.st_uid):
        raise StackError(
            f"{data} belongs to another user; run this as that user, or set TRINITY_HOME to "
            "a folder of your own."
        )
    if os.geteuid() == 0 and found.st_uid != 0:
        return as_user(found.st_uid, found.st_gid)
    for who in candidates():
        if who.owner_uid == found.st_uid and who.can_write(data):
            return who
    raise StackError(
        f"{data} belongs to root, and this machine does not let root run Postgres any more; "
        "give it to a normal user (chown -R) and run this as that user."
    )


def _settle(home: Home, *, wanted: Path) -> tuple[Path, RunAs]:
    """Find a folder for new data and somebody who can work in it."""
    for who in candidates():
        is_others = wanted.exists() and wanted.stat().st_uid not in (os.geteuid(), who.owner_uid)
        places = [] if is_others else [wanted]
        if who.user is not None:  # Our own folder may lie below one that is closed to them.
            name = f"trinity-{home.digest}-{secrets.token_hex(4)}"
            places += [Path("/var/lib") / name, Path("/var/tmp") / name]  # noqa: S108  # new
        for base in places:
            claim_folder(base, uid=who.owner_uid, gid=who.owner_gid)
            if who.can_write(base):
                return base, who
            with contextlib.suppress(OSError):  # Not empty: then it is not ours to remove.
                base.rmdir()
    raise StackError(
        f"Postgres cannot use any folder for the data of {home.path}; set TRINITY_HOME to a folder "
        "that a normal user can reach, or set DATABASE_URL."
    )


def _claim_sockets(home: Home, who: RunAs) -> Path:
    elsewhere = home.socket_folder_elsewhere
    for folder in dict.fromkeys((home.socket_folder(), elsewhere)):
        claim_folder(folder, uid=who.owner_uid, gid=who.owner_gid)
        if who.can_write(folder):
            return folder
    raise StackError(f"Postgres cannot make its socket in {elsewhere}; free that name.")


def _exists(connection: "psycopg.Connection[tuple[object, ...]]", query: str, name: str) -> bool:
    return connection.execute(query.encode(), (name,)).fetchone() is not None


def last_line(text: str) -> str:
    """Return the last line of ``text`` that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
