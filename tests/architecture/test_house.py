"""The style guide, run: layers, sizes, names, who owns a transaction."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    *("kernel", "ledger", "notices", "approvals", "toolrouter", "crm", "fulfillment", "revenue"),
    *("console", "trinity", "sandbox", "benchmarks"),
)
SOURCES = sorted(
    path
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if "migrations" not in path.parts
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FILE_LINES_MAX, FUNCTION_LINES_MAX = 400, 60
BANNED_STEMS = {"services", "utils", "helpers", "common", "misc"}
APPS = ("ledger", "notices", "approvals", "toolrouter", "crm", "fulfillment", "revenue", "console")
SEEN_ACROSS_APPS = {
    *("operations", "queries", "enums", "ports", "facts", "rows", "kinds", "outbox", "registry"),
    "connections",  # where calls to a provider go, registered by whoever owns the adapter
    "subjects",  # whom a run may know of, registered by whoever owns deals
}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_function_fits_on_a_screen() -> None:
    long = {
        f"{name_of(path)}: {node.name}": size
        for path in (*SOURCES, *TESTS)
        for node in functions(parsed(path))
        if (size := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    }

    assert long == {}


def test_no_file_is_too_long_or_named_for_nothing() -> None:
    lines = {
        name_of(path): path.read_text(encoding="utf-8").count("\n") for path in (*SOURCES, *TESTS)
    }

    assert {name: count for name, count in lines.items() if count > FILE_LINES_MAX} == {}
    assert [name_of(path) for path in (*SOURCES, *TESTS) if path.stem in BANNED_STEMS] == []


SUPPRESSION = re.compile(r"# (?:noqa|type: ignore|pragma)\b(?P<rest>.*)")
SPECIFIC = re.compile(r"(: [A-Z]+\d+(, [A-Z]+\d+)*|\[[a-z-]+(, ?[a-z-]+)*\])")
WHY = re.compile(r"  # \S+")


def suppressions(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each line that suppresses something, with what follows the word."""
    source = path.read_text(encoding="utf-8")
    if not SUPPRESSION.search(source):
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield from ((token.start[0], rest) for rest in SUPPRESSION.findall(token.string))


def test_every_suppression_is_specific_and_says_why() -> None:
    bare = [
        f"{name_of(path)}:{line}"
        for path in (*SOURCES, *TESTS)
        for line, rest in suppressions(path)
        if not (code := SPECIFIC.match(rest)) or not WHY.match(rest[code.end() :])
    ]
    assert bare == [], "lines that say nothing of why"


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "."), ("ruff", "format", "--check", ".")],
    ids=["lint", "format"],
)
def test_ruff_is_content(command: tuple[str, ...]) -> None:
    done = run(*command)

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


@pytest.mark.slow
def test_types_hold() -> None:
    done = run("mypy", *(package for package in PACKAGES if package != "benchmarks"))

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]


def test_imports_point_down() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("app", APPS)
def test_across_apps_only_open_doors_are_used(app: str) -> None:
    trespassing = [
        f"{name_of(path)}: {name}"
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
        for name in imported(path)
        if (parts := name.split("."))[0] in APPS
        and parts[0] != app
        and (len(parts) < 2 or parts[1] not in SEEN_ACROSS_APPS)
    ]

    assert trespassing == []


def test_every_use_case_has_a_promise_and_owns_its_transactions() -> None:
    naked = []
    for path in SOURCES:
        if path.parent.name != "usecases" or path.name == "__init__.py":
            continue
        tree = parsed(path)
        public = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name[0] != "_"]
        naked += [f"{name_of(path)}:{n.name}" for n in public if not ast.get_docstring(n)]
        source = path.read_text(encoding="utf-8")
        naked += [
            f"{name_of(path)}: atomic() without durable=True"
            for line in source.splitlines()
            if "transaction.atomic(" in line and "durable=True" not in line
        ]

    assert naked == []


def test_no_door_is_a_mock() -> None:
    mocked = [
        name_of(path)
        for path in (ROOT / "tests").rglob("*.py")
        for name in imported(path)
        if name.split(".")[0] in {"mock", "unittest"} and "mock" in name
    ]

    assert mocked == []


def test_no_template_is_made_of_a_text() -> None:
    """What a visitor sends can then never be one: templates are files, named in the code."""
    made = [
        f"{name_of(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in {"Template", "from_string"}
    ]

    assert made == []


PORTS = [
    name
    for path in SOURCES
    if path.stem.startswith("ports")
    for name in re.findall(r"^class (\w+)\(Protocol\)", path.read_text(encoding="utf-8"), re.M)
]


@pytest.mark.parametrize("port", PORTS)
def test_an_adapter_is_held_against_its_port_where_it_is_written(port: str) -> None:
    held = f": type[{port}] = "
    assert any(held in path.read_text(encoding="utf-8") for path in SOURCES)
