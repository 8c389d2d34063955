"""The database and the broker: the caller's own where named, else the stack's."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg

from trinity.stack import postgres
from trinity.stack.errors import StackError
from trinity.stack.home import Home, claim_folder
from trinity.stack.postgres import Cluster
from trinity.stack.supervisor import Supervisor
from trinity.stack.valkey import Valkey, answers

START_S_MAX: Final = 60.0  # recovery after a crash included
CONNECT_S_MAX: Final = 5
# What django-environ calls Postgres; libpq knows only the first.
POSTGRES_SCHEMES: Final = ("postgresql", "postgres", "psql", "pgsql")


def check_named(env: Mapping[str, str]) -> None:
    """Raise StackError when an address that is given cannot be reached."""
    if env.get("MIGRATION_DATABASE_URL") and not env.get("DATABASE_URL"):
        raise StackError(
            "MIGRATION_DATABASE_URL is set without DATABASE_URL; set both, or none to use the "
            "database that comes with Trinity."
        )
    for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL"):
        if url := env.get(name, ""):
            _check_database(name, url)
    if (url := env.get("REDIS_URL", "")) and not _answers(url):
        raise StackError(
            "REDIS_URL cannot be reached; start that server, correct the address, or unset "
            "REDIS_URL to use the one that comes with Trinity."
        )


def start(supervisor: Supervisor, env: Mapping[str, str]) -> dict[str, str]:
    """Start what ``env`` does not name; return the addresses of all of it.

    MIGRATION_DATABASE_URL is the owner's of the tables: absent where the caller names one
    DATABASE_URL for all that is done.
    """
    home = supervisor.home
    addresses = {name: env.get(name, "") for name in ("DATABASE_URL", "REDIS_URL")}
    cluster = None if addresses["DATABASE_URL"] else postgres.locate(home)
    if cluster:
        timed(supervisor.say, "postgres", lambda: _launch(supervisor, cluster))
        addresses |= {"DATABASE_URL": cluster.url, "MIGRATION_DATABASE_URL": cluster.owner_url}
    if not addresses["REDIS_URL"]:
        valkey = Valkey(home=home, sockets=cluster.sockets if cluster else _own_sockets(home))
        timed(supervisor.say, "valkey", lambda: _launch_valkey(supervisor, valkey))
        addresses["REDIS_URL"] = valkey.url
    return addresses


def timed(say: Callable[[str], None], name: str, work: Callable[[], object]) -> None:
    """Do ``work`` and say how long ``name`` took."""
    began_s = time.monotonic()
    work()
    say(f"  {name:<10} ready in {time.monotonic() - began_s:.1f} s")


def _launch(supervisor: Supervisor, cluster: Cluster) -> None:
    if not cluster.is_made:
        with cluster.making() as initdb:
            child, code = supervisor.run(initdb)
            if code:
                raise StackError(child.obituary("Postgres could not make its data folder"))
    cluster.forget_stale_lock()
    supervisor.start(cluster.program())
    supervisor.wait_until(cluster.answers, name="postgres", timeout_s=START_S_MAX)
    cluster.make_roles()


def _launch_valkey(supervisor: Supervisor, valkey: Valkey) -> None:
    supervisor.start(valkey.program())
    supervisor.wait_until(valkey.answers, name="valkey", timeout_s=START_S_MAX)


def _own_sockets(home: Home) -> Path:
    folder = home.socket_folder()
    claim_folder(folder, uid=os.geteuid(), gid=os.getegid())
    return folder


def _check_database(name: str, url: str) -> None:
    scheme, _, rest = url.partition("://")
    if scheme not in POSTGRES_SCHEMES:
        raise StackError(
            f"{name} starts with {scheme[:12]!r}; Trinity needs Postgres "
            "(postgresql://user:password@host/name)."
        )
    try:
        psycopg.connect(f"postgresql://{rest}", connect_timeout=CONNECT_S_MAX).close()
    except psycopg.Error as error:
        reason = postgres.last_line(str(error)).rstrip(".")
        raise StackError(
            f"{name} cannot be reached ({reason}); start that database, correct the "
            f"address, or unset {name} to use the one that comes with Trinity."
        ) from error


def _answers(url: str) -> bool:
    return urlsplit(url).scheme in {"redis", "rediss", "unix"} and answers(url)
