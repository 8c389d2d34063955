"""A lease is ended by the kernel alone, where the write carries its token."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
APPS = (
    *("trinity", "console", "revenue", "crm", "fulfillment", "toolrouter", "approvals"),
    *("notices", "ledger"),
)


def ended_by_hand(source: str) -> Iterator[int]:
    """Yield the lines where a call writes ``leased_until=None``, or where it is assigned."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == "leased_until":
            if isinstance(node.value, ast.Constant):
                yield node.value.lineno
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr == "leased_until":
                    yield node.lineno


def test_no_app_ends_a_lease_by_hand() -> None:
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    assert len(files) > 300

    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        if "migrations" not in path.parts
        for line in ended_by_hand(path.read_text())
    ]

    assert found == []


def test_a_lease_ended_by_hand_is_found() -> None:
    source = "rows.update(state='open', leased_until=None)\nrow.leased_until = None\n"

    assert list(ended_by_hand(source)) == [2, 1]
