"""What the application's role may do with each table: it follows from the guards of its rows.

``kernel.schema.append_only`` and ``kept_facts`` are the one declaration: their triggers hold
against everybody, the owner of the tables included, and name the columns that may change. The
application gets no right that they would refuse, whether or not the trigger still stands, and
cannot switch it off either. A table whose rows nobody keeps can be written as usual.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from django.conf import settings
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from kernel import guards

GRANTS_LOCK: Final = 0x5EA3  # two machines that prepare at once take turns
READ: Final = frozenset({"SELECT"})
WRITE: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
MAINTAIN: Final = frozenset({"MAINTAIN"})  # VACUUM; before that only the owner may
MAINTAIN_SINCE: Final = 17_00_00
APPEND: Final = frozenset({"SELECT", "INSERT"})
# Filled by migrations and the roles that follow them: who may do what is written in code.
READ_ONLY: Final = frozenset(
    {
        "django_migrations",
        "django_content_type",
        "auth_permission",
        "auth_group",
        "auth_group_permissions",
    }
)

_TABLES: Final = """
SELECT c.relname, ARRAY(
         SELECT a.attname::text FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
_GIVEN: Final = """
WITH ours AS (SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace),
acls (relname, attname, acl) AS (
    SELECT relname, '', aclexplode(relacl) FROM ours
    UNION ALL
    SELECT relname, attname, aclexplode(attacl) FROM ours JOIN pg_attribute ON attrelid = ours.oid)
SELECT relname, attname, (acl).privilege_type FROM acls
WHERE (acl).grantee = (SELECT oid FROM pg_roles WHERE rolname = %(role)s)
"""
# Each column's name says what is the matter where it is true.
_POWERS: Final = """
SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace
               AND relkind IN ('r', 'p') AND pg_has_role(me.oid, relowner, 'MEMBER'))
         AS "owns the tables, so that it could switch their triggers off",
       has_schema_privilege(me.oid, 'public', 'CREATE') AS "may create tables",
       has_database_privilege(me.oid, current_database(), 'TEMPORARY')
         AS "may create temporary tables",
       rolcreaterole AS "may make roles"
FROM pg_roles me WHERE rolname = %(role)s
"""
_SEQUENCES: Final = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'"
)


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One privilege on one table, or on one ``column`` of it."""

    table: str
    privilege: str
    column: str = ""

    def __str__(self) -> str:
        return f"{self.privilege} on {self.table}{self.column and f'.{self.column}'}"


Rights: TypeAlias = frozenset[Right]


class RoleMissing(Exception):
    """The role that the application is to log in as is not there. Says how to make it."""


def declared(*, using: str) -> Rights:
    """Return the rights that follow from the guards, for the tables of the database ``using``."""
    with connections[using].cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        [(version,)] = cursor.fetchall()
        cursor.execute(_TABLES)
        tables = cursor.fetchall()
    found: set[Right] = {Right(name, "USAGE") for name in _names(_SEQUENCES, using=using)}
    tidy = MAINTAIN if int(version) >= MAINTAIN_SINCE else frozenset()
    for table, columns in tables:
        may_change = guards.changeable(table)
        if table in READ_ONLY:
            found |= _on(table, READ)
        elif may_change is None:
            found |= _on(table, WRITE | tidy)
        else:
            found |= _on(table, APPEND)
            found |= {Right(table, "UPDATE", each) for each in columns if may_change(each)}
    return frozenset(found)


def given(role: str, *, using: str) -> Rights:
    """Return the rights that ``role`` was given by name. Raises RoleMissing."""
    _require(role, using=using)
    with connections[using].cursor() as cursor:
        cursor.execute(_GIVEN, {"role": role})
        return frozenset(Right(table, kind, column) for table, column, kind in cursor.fetchall())


def give_after_migrate(*, using: str, **_: object) -> None:
    """Set the rights of the application's role anew, where it has a role of its own.

    Raises RoleMissing.
    """
    if settings.APPLICATION_ROLE:
        give(settings.APPLICATION_ROLE, using=using)


def give(role: str, *, using: str) -> None:
    """Give ``role`` exactly the rights that are declared. Idempotent; as the tables' owner.

    Raises RoleMissing.
    """
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GRANTS_LOCK])
        wanted = declared(using=using)
        there = given(role, using=using)
        # Columns last: REVOKE on a table takes the same right from its columns too.
        for right in sorted(there - wanted, key=lambda each: each.column):
            cursor.execute(_statement("REVOKE {} ON {} FROM {}", right, role))
        for right in sorted(wanted - given(role, using=using)):
            cursor.execute(_statement("GRANT {} ON {} TO {}", right, role))
        _shut_the_rest(cursor, role)


def powers(role: str, *, using: str) -> list[str]:
    """Return in words what ``role`` could use to get round its grants; empty for a good one."""
    with connections[using].cursor() as cursor:
        cursor.execute(_POWERS, {"role": role})
        [row] = cursor.fetchall()
        words = [column.name for column in cursor.description or ()]
    return [word for word, has_it in zip(words, row, strict=True) if has_it]


def _shut_the_rest(cursor: CursorWrapper, role: str) -> None:
    """Let nobody make objects beside ours: a temporary table would hide one from a trigger."""
    cursor.execute(
        "SELECT current_database(), has_database_privilege(%(role)s, oid, 'TEMPORARY'),"
        " has_schema_privilege(%(role)s, 'public', 'CREATE'), pg_has_role(datdba, 'USAGE')"
        " FROM pg_database WHERE datname = current_database()",
        {"role": role},
    )
    [(database, may_hide, may_create, is_owner)] = cursor.fetchall()
    if may_hide and is_owner:
        cursor.execute(
            sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))
        )
    if may_create and is_owner:
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")


def _require(role: str, *, using: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if not cursor.fetchall():
            raise RoleMissing(
                f"The role {role} of DATABASE_URL is not there: let a superuser run "
                f"CREATE ROLE {role} LOGIN PASSWORD '...' (docs/operations.md, Upgrade)."
            )


def _on(table: str, privileges: Iterable[str]) -> set[Right]:
    return {Right(table, privilege) for privilege in privileges}


def _names(query: str, *, using: str) -> list[str]:
    with connections[using].cursor() as cursor:
        cursor.execute(query)
        return [name for (name,) in cursor.fetchall()]


def _statement(form: str, right: Right, role: str) -> sql.Composed:
    privilege: sql.Composable = sql.SQL(right.privilege)
    if right.column:
        privilege = sql.SQL("{} ({})").format(privilege, sql.Identifier(right.column))
    target: sql.Composable = sql.Identifier("public", right.table)
    if right.privilege == "USAGE":
        target = sql.SQL("SEQUENCE {}").format(target)
    return sql.SQL(form).format(privilege, target, sql.Identifier(role))
