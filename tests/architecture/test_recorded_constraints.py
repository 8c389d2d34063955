"""What is recorded of constraints (``kernel.recorded``) is what migrations make of nothing.

Whoever made a migration that changes one records it anew, with what this finds:
``RECORD_CONSTRAINTS=1 bin/test tests/architecture/test_recorded_constraints.py``.
"""

from __future__ import annotations

import os

import pytest
from django.apps import AppConfig
from django.db import connection

from kernel import recorded
from kernel.guards import Guard, Kind
from kernel.recorded import Printed
from tests.owner import as_owner

pytestmark = pytest.mark.django_db


def restored(app: AppConfig, made: Printed) -> Printed:
    """Make each anew as a dump would, and return both ways in which it is printed."""
    with as_owner(), connection.cursor() as cursor:
        for kind, table, name, [definition] in items(made):
            guard = Guard(Kind(kind), table, name, definition)
            drop = [f"DROP INDEX {name}"] if " WHERE " in definition else guard.drop
            for sql in [*drop, *(guard.create or [definition])] if drop else []:
                cursor.execute(sql)
        again = recorded.printed(app, using="default")
    for kind, table, name, forms in items(made):
        forms += [form for form in again[kind][table][name] if form not in forms]
    return made


def items(found: Printed) -> list[tuple[str, str, str, list[str]]]:
    return [
        (kind, table, name, forms)
        for kind, tables in found.items()
        for table, named in tables.items()
        for name, forms in named.items()
    ]


@pytest.mark.parametrize("app", recorded.ours(), ids=lambda app: str(app.label))
def test_what_is_recorded_is_what_migrations_make(app: AppConfig) -> None:
    found = restored(app, recorded.printed(app, using="default"))
    if os.environ.get("RECORD_CONSTRAINTS") and found:
        recorded.record(app, found)

    assert recorded.recorded(app) == found, "record it: RECORD_CONSTRAINTS=1"


def test_there_is_something_to_hold() -> None:
    known = {app.label for app in recorded.ours() if recorded.recorded(app)}

    assert known >= {"approvals", "crm", "fulfillment", "ledger", "logins", "revenue"}
