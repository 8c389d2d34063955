"""The constraints that migrations make, in the words in which Postgres prints them.

Models declare them, and only Postgres knows how it prints what a migration made. So it is recorded
and kept beside the app: what was replaced by a weaker one of the same name is found. What a dump
restored may be printed in another way (lists of words, nested ANDs), which is kept too. A test
holds what is recorded to what migrations make of nothing, and writes it
(``tests/architecture/test_recorded_constraints.py``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from django.apps import AppConfig, apps
from django.db import connections

from kernel import guards
from kernel.guards import Guard, Kind

FILE: Final = "constraints.json"
# Checks, those of a field's type among them, and the unique indexes that have a name of their own.
_PRINTED: Final = """
SELECT 'constraint', c.relname, n.conname, pg_get_constraintdef(n.oid)
FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
WHERE c.relname = ANY (%(tables)s) AND n.contype = 'c' AND n.convalidated
UNION ALL
SELECT 'unique index', c.relname, i.relname, pg_get_indexdef(i.oid)
FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
WHERE c.relname = ANY (%(tables)s) AND i.relname = ANY (%(unique)s)
"""
Printed = dict[str, dict[str, dict[str, list[str]]]]  # by kind, table and name


def printed(app: AppConfig, *, using: str) -> Printed:
    """Return what the database prints of the tables of ``app``, but for what guards declare."""
    declared = {guard.key for guard in guards.declared()}
    tables = [model._meta.db_table for model in app.get_models()]
    unique = [each.name for model in app.get_models() for each in model._meta.constraints]
    found: Printed = {}
    with connections[using].cursor() as cursor:
        cursor.execute(_PRINTED, {"tables": tables, "unique": unique})
        for kind, table, name, definition in sorted(cursor.fetchall()):
            if (Kind(kind), table, name) not in declared:
                found.setdefault(kind, {}).setdefault(table, {})[name] = [definition]
    return found


def ours() -> list[AppConfig]:
    """Return the apps of this project; those of libraries come without a record."""
    return [app for app in apps.get_app_configs() if "site-packages" not in app.path]


def recorded(app: AppConfig) -> Printed:
    """Return what is kept beside ``app``."""
    file = Path(app.path) / FILE
    known: Printed = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return known


def record(app: AppConfig, found: Printed) -> None:
    """Keep ``found`` beside ``app``."""
    text = json.dumps(found, indent=1, ensure_ascii=False)
    (Path(app.path) / FILE).write_text(text + "\n", encoding="utf-8")


def as_recorded() -> dict[Guard, frozenset[str]]:
    """Return a guard for each constraint that is recorded, with all that it may be printed as."""
    return {
        Guard(Kind(kind), table, name, forms[0]): frozenset(forms)
        for app in ours()
        for kind, tables in recorded(app).items()
        for table, named in tables.items()
        for name, forms in named.items()
    }
