"""The guards that are registered, held against the database; and its repair.

Besides ``kernel.guards`` this looks at what models declare (their constraints, unique columns and
foreign keys, which must be there and hold), and for triggers and rules that nobody declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.apps import apps
from django.db import connections, models, transaction

from kernel import guards
from kernel.guards import Guard, Kind
from kernel.recorded import as_recorded

# Triggers and rules on our tables, the functions that triggers call, constraints, unique indexes.
# The last column says what is the matter with one, whatever its definition. A disabled trigger of
# Postgres' own is a foreign key that is not checked.
_THERE: Final = """
WITH tables AS (SELECT * FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')),
     off AS (SELECT * FROM pg_trigger WHERE tgenabled NOT IN ('O', 'A'))
SELECT 'trigger', c.relname::text, t.tgname::text,
       CASE WHEN p.pronamespace = c.relnamespace THEN '' ELSE p.oid::regprocedure || ': ' END
         || pg_get_triggerdef(t.oid),
       CASE WHEN t.oid IN (SELECT oid FROM off) THEN 'is switched off' ELSE '' END
FROM pg_trigger t JOIN tables c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal
UNION ALL
SELECT 'rule', c.relname, r.rulename, pg_get_ruledef(r.oid), ''
FROM pg_rewrite r JOIN tables c ON c.oid = r.ev_class
UNION ALL
SELECT 'function', '', proname, pg_get_functiondef(oid), ''
FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype
UNION ALL
SELECT 'constraint', c.relname, n.conname, pg_get_constraintdef(n.oid),
       CASE WHEN n.oid IN (SELECT tgconstraint FROM off) THEN 'is switched off'
            WHEN NOT n.convalidated THEN 'is not checked for every row' ELSE '' END
FROM pg_constraint n JOIN tables c ON c.oid = n.conrelid
WHERE n.contype <> 't'  -- a constraint trigger: see above
UNION ALL
SELECT 'unique index', c.relname, i.relname, pg_get_indexdef(i.oid),
       CASE WHEN x.indisvalid THEN '' ELSE 'is not valid' END
FROM pg_index x JOIN tables c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indisunique
UNION ALL
SELECT 'unique index', c.relname, 'on ' || a.attname, '', ''
FROM pg_index x JOIN tables c ON c.oid = x.indrelid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[0]
WHERE x.indisunique AND x.indisvalid AND x.indnkeyatts = 1 AND x.indpred IS NULL
UNION ALL
SELECT 'foreign key', c.relname, 'on ' || a.attname, '', ''
FROM pg_constraint n JOIN tables c ON c.oid = n.conrelid
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = n.conkey[1]
WHERE n.contype = 'f' AND cardinality(n.conkey) = 1
"""


# For a role or a database, or for whoever asks; both make every trigger and foreign key sleep.
_ROLE_OF_SESSIONS: Final = """
SELECT concat_ws(' in ', CASE WHEN role.rolname IS NULL THEN 'everybody' ELSE role.rolname END,
  there.datname), setting
FROM pg_db_role_setting kept CROSS JOIN unnest(kept.setconfig) setting
LEFT JOIN pg_roles role ON role.oid = kept.setrole
LEFT JOIN pg_database there ON there.oid = kept.setdatabase
WHERE there.datname IS NULL OR there.datname = current_database()
UNION ALL
SELECT 'this session', 'session_replication_role=' || current_setting('session_replication_role')
"""


class FaultKind(StrEnum):
    """What can be the matter with a guard, besides what the catalogue says itself."""

    MISSING = "is missing"
    OTHER = "is not as declared"
    ADDED = "was declared by nobody"


@dataclass(frozen=True, slots=True)
class Fault:
    """One guard that does not stand as it should, or stands and should not."""

    guard: Guard
    wrong: str

    def __str__(self) -> str:
        return f"{self.guard} {self.wrong}"

    @property
    def repair(self) -> list[str]:
        """Return the SQL that puts it right; none where only a migration knows it."""
        if self.wrong == FaultKind.ADDED:
            return self.guard.drop
        return self.guard.create and [*self.guard.drop, *self.guard.create]


def faults(*, using: str) -> list[Fault]:
    """Return where the database ``using`` differs from the guards that must stand in it."""
    there = {guard.key: (guard, wrong) for guard, wrong in _there(using)}
    known = as_recorded()
    of_ours = [*known, *guards.declared()]
    wanted = {guard.key: guard for guard in [*of_models(apps.get_models()), *of_ours]}
    found = [
        Fault(guard, wrong)
        for key, guard in sorted(wanted.items())
        if (wrong := _compared(guard, *there.get(key, (None, "")), forms=known.get(guard)))
    ]
    beside = [
        Fault(guard, FaultKind.ADDED if guard.kind in {Kind.TRIGGER, Kind.RULE} else wrong)
        for key, (guard, wrong) in sorted(there.items())
        if key not in wanted and (wrong or guard.kind in {Kind.TRIGGER, Kind.RULE})
    ]
    return found + beside


def asleep_for(*, using: str) -> list[str]:
    """Return for whom a setting of the database's lets triggers and foreign keys sleep."""
    with connections[using].cursor() as cursor:
        cursor.execute(_ROLE_OF_SESSIONS)
        said = [(who, setting.lower()) for who, setting in cursor.fetchall()]
    return sorted(
        f"{setting} for {who}"
        for who, setting in said
        if setting.startswith("session_replication_role=") and not setting.endswith("=origin")
    )


def restore(*, using: str) -> list[Fault]:
    """Put right what can be put right, as the tables' owner; return what there was to mend.

    All or nothing: what rows break meanwhile raises IntegrityError.
    """
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        mended = faults(using=using)
        # Keys last: what they refer to may be missing, too.
        for fault in sorted(mended, key=lambda each: "FOREIGN KEY" in each.guard.definition):
            for sql in fault.repair:
                cursor.execute(sql)
    return mended


def of_models(tables: Iterable[type[models.Model]]) -> Iterator[Guard]:
    """Yield what models declare of constraints and keys; only migrations know their SQL.

    What is recorded of them (``kernel.recorded``) says it again, with the SQL.
    """
    for model in tables:
        if model._meta.proxy or not model._meta.managed:
            continue
        table = model._meta.db_table
        for each in model._meta.constraints:
            is_unique = isinstance(each, models.UniqueConstraint)
            yield Guard(Kind.UNIQUE if is_unique else Kind.CONSTRAINT, table, each.name)
        for field in model._meta.local_concrete_fields:
            if field.unique:
                yield Guard(Kind.UNIQUE, table, f"on {field.column}")
            if getattr(field, "db_constraint", False):  # only relations have it
                yield Guard(Kind.REFERENCE, table, f"on {field.column}")


def _compared(
    guard: Guard, there: Guard | None, wrong: str, *, forms: frozenset[str] | None
) -> str:
    if there is None:
        return FaultKind.MISSING
    if guard.definition and there.definition not in (forms or {guard.definition}):
        return FaultKind.OTHER
    return wrong


def _there(using: str) -> Iterator[tuple[Guard, str]]:
    with connections[using].cursor() as cursor:
        cursor.execute(_THERE)
        for kind, table, name, definition, wrong in cursor.fetchall():
            yield Guard(Kind(kind), table, name, definition), wrong
