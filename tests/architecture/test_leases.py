"""A lease is ended by the kernel alone, where the write carries its token."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from kernel.leases import Leased
from toolrouter.enums import CALL_MOVES, CallState
from toolrouter.models import ToolCall

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


def executing_in(source: str) -> Iterator[int]:
    """Yield the lines where ``claim_due`` is told to take what executes already."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("claim_due"):
            said = [ast.unparse(each.value) for each in node.keywords if each.arg == "states"]
            if any("executing" in text.lower() for text in said):
                yield node.lineno


def test_nobody_claims_again_what_executes() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for line in executing_in(path.read_text())
    ]

    assert found == []
    assert not CALL_MOVES[CallState.EXECUTING] & {CallState.APPROVED, CallState.NEEDS_APPROVAL}
    assert not issubclass(ToolCall, Leased)


def test_a_claim_of_what_executes_is_found() -> None:
    source = "claim_due(ToolCall, states=[CallState.EXECUTING], to='done')\n"

    assert list(executing_in(source)) == [1]
