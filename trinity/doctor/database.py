"""The database: its version, the role that asks, migrations and guards, durability."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader

from kernel import grants, guard_check, guards
from trinity.doctor.findings import Finding, bad, ok, warn

POSTGRES_OLDEST: Final = 14
RIGHTS_NAMED: Final = 5
GUARD_REMEDY: Final = (
    "History could be rewritten. Find out who did it; manage.py restore_guards puts it right; "
    "then run manage.py verify_ledger."
)
ROLE_REMEDY: Final = (
    "Find out who did it; as a superuser: ALTER ROLE … [IN DATABASE …] RESET "
    "session_replication_role (or ALTER DATABASE …, or postgresql.conf). Then run manage.py "
    "verify_ledger."
)
BY_MIGRATION: Final = (
    "Find out who did it; the migration that made it holds the SQL (manage.py sqlmigrate)."
)


def look_at_database() -> Iterator[Finding]:
    """Version, role, migrations, guards, durability."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version_num')::int, current_setting("
                "'server_version'), current_user, rolsuper, current_setting('fsync'),"
                " current_setting('synchronous_commit') FROM pg_roles WHERE rolname = current_user"
            )
            number, version, role, is_superuser, fsync, commit = cursor.fetchone()
    except DatabaseError:
        yield bad("database", "cannot be reached", "Check DATABASE_URL and that Postgres runs.")
        return
    if number // 10_000 < POSTGRES_OLDEST:
        yield bad("database", f"Postgres {version}", f"Use Postgres {POSTGRES_OLDEST} or newer.")
    else:
        yield ok("database", f"Postgres {version}")
    if is_superuser:
        yield bad(
            "database role",
            f"{role} is a superuser, who can skip every trigger",
            "Let the app log in as a role of its own: LOGIN, not SUPERUSER.",
        )
    else:
        yield from _rights(role)
    if fsync != "on" or commit == "off":
        yield bad(
            "durability",
            f"fsync={fsync}, synchronous_commit={commit}",
            "Switch both on: an acknowledged event must survive a power cut.",
        )
    yield from _migrations()


def _rights(role: str) -> Iterator[Finding]:
    """What the role may do beyond what is declared, or may not do although it has to."""
    if powers := grants.powers(role, using="default"):
        yield warn(
            "database role",
            f"{role} {' and '.join(powers)}; history is safe from mistakes only",
            "Give pages and workers a role of their own (docs/operations.md, Two database roles).",
        )
        return
    wanted = grants.declared(using="default")
    given = grants.given(role, using="default")
    words = [
        f"{verb} {', '.join(map(str, sorted(rights)[:RIGHTS_NAMED]))}"
        for verb, rights in (("may not", wanted - given), ("may also", given - wanted))
        if rights
    ]
    if words:
        yield bad(
            "database role",
            f"{role} {'; '.join(words)}",
            "Run manage.py migrate as the owner of the tables: it sets the rights anew.",
        )
    else:
        yield ok("database role", f"{role}, no superuser, owns no table")


def _migrations() -> Iterator[Finding]:
    loader = MigrationLoader(connection)
    missing = set(loader.graph.nodes) - set(loader.applied_migrations or {})
    if missing:
        yield bad("migrations", f"{len(missing)} not applied", "Run manage.py migrate.")
    else:
        yield ok("migrations", "all applied")
        yield from _guards()


def _guards() -> Iterator[Finding]:
    """What somebody dropped, switched off, replaced or added by hand leaves no other trace."""
    for setting in guard_check.asleep_for(using="default"):
        yield bad("guards", f"{setting}: no trigger guards anything", ROLE_REMEDY)
    faults = guard_check.faults(using="default")
    for fault in faults:
        yield bad("guards", str(fault), GUARD_REMEDY if fault.repair else BY_MIGRATION)
    if not faults:
        yield ok("guards", f"all {len(guards.declared())} stand as declared")
