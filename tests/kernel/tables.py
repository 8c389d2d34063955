"""Tables that only these tests have, made with the kernel's own migration steps."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, migrations, models

from kernel import guards
from kernel.append_only import AppendOnly
from kernel.grants import give_after_migrate
from kernel.leases import Leased
from kernel.modes import mode_field
from kernel.schema import append_only, fixed_mode, step
from kernel.transitions import Stateful
from tests.owner import as_owner


class Door(Stateful):
    """A row with a state: open and shut, and locked for good."""

    MOVES = {
        "open": frozenset({"shut"}),
        "shut": frozenset({"open", "locked"}),
        "locked": frozenset(),
    }

    state = models.CharField(max_length=8, default="open")
    moved_by = models.CharField(max_length=20, blank=True)

    class Meta:
        app_label = "kernel_tests"


class Job(Leased):
    """A row that one worker at a time may work on."""

    result = models.CharField(max_length=20, blank=True)

    class Meta:
        app_label = "kernel_tests"


class Errand(Stateful, Leased):
    """Work with a state: asked for, then done or refused."""

    MOVES = {
        "asked": frozenset({"done", "refused"}),
        "done": frozenset(),
        "refused": frozenset(),
    }

    state = models.CharField(max_length=8, default="asked")
    tries = models.IntegerField(default=0)

    class Meta:
        app_label = "kernel_tests"


class Remark(AppendOnly):
    """History with somebody's words, which may be blanked."""

    ERASABLE = frozenset({"words", "salt"})

    number = models.IntegerField()
    words = models.CharField(max_length=80, blank=True)
    salt = models.CharField(max_length=32, null=True)
    body = models.BinaryField(null=True)
    mode = mode_field()

    class Meta:
        app_label = "kernel_tests"


class Parent(models.Model):
    """What children of the same mode hang under."""

    mode = mode_field()

    class Meta:
        app_label = "kernel_tests"


class Child(models.Model):
    """A row that follows its parent's mode."""

    parent = models.ForeignKey(Parent, models.CASCADE, null=True)
    mode = mode_field()

    class Meta:
        app_label = "kernel_tests"


TABLES = (Door, Job, Errand, Remark, Parent, Child)


def _run(taken: migrations.RunSQL, *, is_back: bool = False) -> None:
    statements = taken.reverse_sql if is_back else taken.sql
    with connection.cursor() as cursor:
        for statement in _as_list(statements):
            cursor.execute(statement)


def _as_list(statements: object) -> Iterable[str]:
    return [statements] if isinstance(statements, str) else list(statements)


PROMISES = (
    append_only("kernel_tests_remark", erasable=["words", "salt", "body"]),
    fixed_mode("kernel_tests_parent"),
    fixed_mode("kernel_tests_child", follows={"parent_id": "kernel_tests_parent"}),
)


def make_tables() -> None:
    with as_owner():
        with connection.schema_editor() as editor:
            for table in TABLES:
                editor.create_model(table)
        for promise in PROMISES:
            _run(step(promise))
        guards.register(*PROMISES)
        give_after_migrate(using="default")


def drop_tables() -> None:
    with as_owner():
        guards.forget(*PROMISES)
        for promise in reversed(PROMISES):
            _run(step(promise), is_back=True)
        with connection.schema_editor() as editor:
            for table in reversed(TABLES):
                editor.delete_model(table)
