"""Each line of the list is tried by tests that are there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.adversarial.lines import LINES

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("line", LINES)
def test_a_line_names_tests_that_are_there(line: str) -> None:
    missing = []
    for named in LINES[line]:
        path, function = named.split("::")
        tree = ast.parse((TESTS / path).read_text())
        if function not in {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
        }:
            missing.append(named)

    assert LINES[line]
    assert missing == []
