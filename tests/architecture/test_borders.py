"""What an app hands to those above it: plain values, and types that say which."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Final, get_args, get_origin, get_type_hints

import pytest
from django.db.models import Manager, Model, QuerySet

from kernel import canonical
from tests.architecture.test_house import APPS, ROOT, SOURCES, functions, name_of, parsed

OPEN: Final = ("operations", "queries")
# What data in canonical form is made of names itself, and so is text until it is asked for.
NAMES: Final = {name: getattr(canonical, name) for name in ("Canonical", "Mapping", "Sequence")}
ABOVE: Final = (*APPS, "trinity")  # whoever may import an app


@cache
def imported_from_others(path: Path) -> tuple[tuple[str, object], ...]:
    """Return what ``path`` imports of other apps' operations and queries, with its name there."""
    found: list[tuple[str, object]] = []
    for node in ast.walk(parsed(path)):
        if not (isinstance(node, ast.ImportFrom) and node.module):
            continue
        app, *inside = node.module.split(".")
        if app not in APPS or app == path.relative_to(ROOT).parts[0]:
            continue
        for alias in node.names:
            if (inside or [alias.name])[0] in OPEN:
                module = importlib.import_module(node.module)
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")
                found.append((alias.asname or alias.name, getattr(module, alias.name)))
    return tuple(found)


def used_across_apps(path: Path) -> Iterator[FunctionType]:
    """Return the functions of other apps' operations and queries that ``path`` names."""
    for name, thing in imported_from_others(path):
        things = [thing]
        if isinstance(thing, ModuleType):
            things = [
                getattr(thing, node.attr)
                for node in ast.walk(parsed(path))
                if isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == name
            ]
        for each in things:
            if isinstance(each, ModuleType):
                raise AssertionError(f"{name_of(path)}: import {each.__name__} itself")
            if isinstance(each, FunctionType):
                yield each


def rows_within(said: object, seen: frozenset[object] = frozenset()) -> Iterator[str]:
    """Return the models and query sets that an annotation lets through, however deep."""
    yield from (row for part in get_args(said) for row in rows_within(part, seen))
    kind = get_origin(said) or said
    if not isinstance(kind, type) or kind in seen:
        return
    if issubclass(kind, Model | QuerySet | Manager):
        yield kind.__name__
    elif is_dataclass(kind) or hasattr(kind, "_fields"):
        parts = [*get_type_hints(kind).values()]
        parts += [
            get_type_hints(each.fget).get("return")
            for _, each in inspect.getmembers(kind, lambda member: isinstance(member, property))
            if each.fget
        ]
        yield from (row for part in parts for row in rows_within(part, seen | {kind}))


def full_name(function: FunctionType) -> str:
    return f"{function.__module__}.{function.__qualname__}"


@pytest.fixture(scope="module")
def crossing() -> dict[str, FunctionType]:
    return {
        full_name(function): function
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] in ABOVE
        for function in used_across_apps(path)
    }


def test_there_are_borders_to_look_at(crossing: dict[str, FunctionType]) -> None:
    assert {name.split(".")[0] for name in crossing} >= {"ledger", "crm", "fulfillment", "revenue"}
    assert "revenue.queries.order_file.order_file" in crossing


def test_no_row_of_a_table_crosses_a_border(crossing: dict[str, FunctionType]) -> None:
    """What other apps call takes and returns plain values: none leads back to a table."""
    rows = {
        f"{name}: {part}": found
        for name, function in crossing.items()
        for part, said in get_type_hints(function, localns=NAMES).items()
        if (found := sorted({*rows_within(said)}))
    }

    assert rows == {}


TYPED: Final = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "benchmarks"]
A_FIELD: Final = "Django's Field is generic over what each column takes and gives"
PREPARED: Final = "what fields prepare for the driver is of its many types"
A_ROW: Final = "each column that the driver reads is of a type of its own"

# Function -> why its signature leaves a type open.
LEFT_OPEN: Final = {
    "kernel/admin.py:get_fieldsets": "Django keeps the type of it private",
    "kernel/documents.py:parsed": "JSON may be anything: whoever reads it looks first",
    "kernel/statements.py:_field": A_FIELD,
    "kernel/statements.py:_insert_sql": A_FIELD,
    "kernel/statements.py:_insert_with_sql": A_FIELD,
    "kernel/statements.py:_prepared": PREPARED,
    "kernel/statements.py:_values": PREPARED,
    "kernel/statements.py:counting": "it counts rows of any model",
    "kernel/statements.py:insert_shaped": A_ROW,
    "kernel/waiting_list.py:_rows": A_ROW,
    "notices/adapters/mailer.py:data": "smtplib's own hook, for any buffer",
    "notices/outbox/draining.py:send_due": "each outbox is of rows of its own",
    "trinity/passkeys.py:to_python": "the stubs take Django's JSONField for one of text",
}


def leaves_open(said: ast.expr | None) -> bool:
    """Say whether an annotation is ``Any``, or holds it anywhere but as the values of a mapping.

    Those are JSON objects, parameters of a vendor's, a form's data: any value has its own type.
    """
    if isinstance(said, ast.Subscript) and ast.unparse(said.value) in {"dict", "Mapping"}:
        return isinstance(said.slice, ast.Tuple) and leaves_open(said.slice.elts[0])
    if isinstance(said, ast.Name):
        return said.id == "Any"
    return said is not None and any(
        leaves_open(part) for part in ast.iter_child_nodes(said) if isinstance(part, ast.expr)
    )


def silent_in(path: Path) -> set[str]:
    """Return the functions of ``path`` that leave a type open.

    What is only passed on (``*args``, ``**kwargs``) is whatever a framework gives.
    """
    return {
        f"{name_of(path)}:{function.name}"
        for function in functions(parsed(path))
        for said in (
            function.returns,
            *(each.annotation for each in function.args.posonlyargs),
            *(each.annotation for each in function.args.args),
            *(each.annotation for each in function.args.kwonlyargs),
        )
        if leaves_open(said)
    }


def test_signatures_say_their_types() -> None:
    silent = {name for path in TYPED for name in silent_in(path)}

    assert silent == LEFT_OPEN.keys(), sorted(silent ^ LEFT_OPEN.keys())
