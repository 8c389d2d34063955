"""SQL is a constant of the module that runs it; what is composed while it runs, kernel composes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.test_house import ROOT, SOURCES, functions, name_of, parsed

IS_SQL = re.compile(
    r"\b(SELECT\b.*\bFROM|INSERT INTO|UPDATE\b.*\bSET|DELETE FROM|SET LOCAL|WHERE\b|VALUES \()",
    re.S,
)
# Where it is composed; another database; measured only.
BEYOND = {"kernel", "sandbox", "benchmarks"}
RUNS_SQL = {"execute", "executemany", "copy", "raw", "RawSQL"}
# Who still composes, and why.
COMPOSED_ELSEWHERE = {
    "ledger/queries/verification/rows.py": "over the tables and comparisons that apps registered",
    "revenue/operations/event_filing.py": "one row more for each event, by numbered parameters",
}


def text_of(node: ast.AST) -> str:
    """Return the constant text within an expression."""
    return " ".join(
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )


def sql_constants(tree: ast.Module) -> set[str]:
    """Return the names that a module gives to texts of SQL."""
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        if IS_SQL.search(text_of(node.value))
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }


def run_later(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions but those that only the module itself calls, while it is imported."""
    every = list(functions(tree))
    inside = {id(node) for function in every for node in ast.walk(function)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    at_import = {node.id for node in names if id(node) not in inside}
    later = {node.id for node in names if id(node) in inside}
    return [
        function
        for function in every
        if not (function.name.startswith("_") and function.name in at_import - later)
    ]


def is_composed(node: ast.AST, constants: set[str]) -> bool:
    """Say whether an expression puts a text together, of which some is SQL."""
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    has_sql = bool(IS_SQL.search(text_of(node)) or names & constants)
    return has_sql and puts_text_together(node)


def puts_text_together(node: ast.AST) -> bool:
    """Say whether ``node`` is an f-string, a sum, a ``%``, or a ``format`` of a text.

    Not what psycopg quotes: ``SQL("…").format(Identifier(…))``.
    """
    match node:
        case ast.JoinedStr() | ast.BinOp():
            return True
        case ast.Call(func=ast.Attribute(attr="format" | "join", value=value)):
            return not isinstance(value, ast.Call)
    return False


def composed_at_run_time(tree: ast.Module) -> Iterator[int]:
    """Yield the lines inside functions that put SQL together from parts, or run what was."""
    constants = sql_constants(tree)
    for function in run_later(tree):
        for node in ast.walk(function):
            if is_composed(node, constants):
                yield getattr(node, "lineno", 0)
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in RUNS_SQL and any(map(puts_text_together, ast.walk(node.args[0]))):
                    yield node.lineno


def test_sql_is_composed_in_the_kernel_alone() -> None:
    found = {
        name_of(path)
        for path in SOURCES
        if path.parts[len(ROOT.parts)] not in BEYOND
        if any(composed_at_run_time(parsed(path)))
    }

    assert found == set(COMPOSED_ELSEWHERE)


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n cursor.execute(f'SELECT id FROM {table}')",
        "def f():\n return 'SELECT id FROM ' + table",
        "def f():\n return 'DELETE FROM %s' % table",
        "def f():\n return 'SELECT id FROM {}'.format(table)",
        "def f():\n return ' '.join(['SELECT id FROM', table, 'WHERE', which])",
        "_FIND = 'SELECT id FROM {table}'\ndef f(): cursor.execute(_FIND.format(table=table))",
        "_FIND = 'SELECT id FROM a'\ndef f(): return _FIND + (' FOR SHARE' if lock else '')",
        "def f():\n return Model.objects.raw(f'{head} FOR SHARE')",
        "def f():\n cursor.execute(step.format(source=source))",
        "def f():\n cursor.execute(head + tail if tail else head)",
        "def _f(table):\n return f'SELECT id FROM {table}'\ndef g(): return _f('a')\n_A = _f('a')",
        "def f(table):\n return f'SELECT id FROM {table}'\n_A = f('a')",
    ],
)
def test_composed_sql_is_found(source: str) -> None:
    assert set(composed_at_run_time(ast.parse(source))) == {2}


@pytest.mark.parametrize(
    "source",
    [
        "_FIND = f'SELECT id FROM order WHERE state = {PAID!r}'",
        "_FIND = 'SELECT id FROM a'\n_HELD = _FIND + ' FOR SHARE'",
        "_FIND = 'SELECT id FROM a'\ndef f(): cursor.execute(_HELD if hold else _FIND, [1])",
        "def _of(table):\n return f'SELECT id FROM {table}'\n_FIND = _of('a')",
        "def f():\n cursor.execute(SQL('DROP DATABASE {}').format(Identifier(name)))",
        "def f():\n cursor.execute('SELECT set_config(%s, %s, true)', [name, f'{seconds}s'])",
        "def f():\n return f'{name} set'",
    ],
)
def test_constants_and_identifiers_that_psycopg_quotes_are_let_pass(source: str) -> None:
    assert set(composed_at_run_time(ast.parse(source))) == set()
