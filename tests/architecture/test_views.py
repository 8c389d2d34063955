"""A view asks queries: it knows models as types at most, and no manager."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.test_house import PACKAGES, ROOT, SOURCES, name_of, parsed
from tests.trinity.endpoints import ENDPOINTS

MANAGERS = {"objects", "_default_manager", "_base_manager"}
SHORTCUTS = {"get_object_or_404", "get_list_or_404"}
BY_NAME = {
    name_of(path)
    for path in SOURCES
    if "views" in {path.stem, path.parent.name} and path.parent.name != "models"
}
BY_ADDRESS = {
    f"{module.replace('.', '/')}.py"
    for endpoint in ENDPOINTS
    if (module := getattr(endpoint.view, "__module__", "")).split(".")[0] in PACKAGES
}
VIEWS = sorted(BY_NAME | BY_ADDRESS)


def imports_at_run_time(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and name of what is imported, but for ``if TYPE_CHECKING``."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)


def reads_of_rows(tree: ast.Module) -> Iterator[int]:
    """Yield the lines that import a model of ours, or look rows up."""
    for line, name in imports_at_run_time(tree):
        parts = name.split(".")
        if (parts[0] in PACKAGES and "models" in parts) or parts[-1] in SHORTCUTS:
            yield line
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS:
            yield node.lineno


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_reads_through_queries(view: str) -> None:
    assert list(reads_of_rows(parsed(ROOT / view))) == []


def test_all_views_are_looked_at() -> None:
    assert len(VIEWS) > 35
    assert {"crm/views/verbs.py", "revenue/views/buying.py", "ledger/views.py"} <= set(VIEWS)


@pytest.mark.parametrize(
    "source",
    [
        "from revenue.models import Order",
        "from revenue.models.orders import Order",
        "import revenue.models",
        "from revenue import models",
        "from django.shortcuts import get_object_or_404, render",
        "order = User.objects.get(pk=1)",
        "order = type(row)._default_manager.first()",
    ],
)
def test_a_view_that_reads_rows_is_found(source: str) -> None:
    assert list(reads_of_rows(ast.parse(source))) == [1]


def test_a_model_as_a_type_is_let_pass() -> None:
    source = "if TYPE_CHECKING:\n    from revenue.models import Order\n"

    assert list(reads_of_rows(ast.parse(source))) == []
