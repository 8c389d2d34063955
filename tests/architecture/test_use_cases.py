"""A use-case is a transaction of its own; what two of them share stands below them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.test_house import SOURCES, imported, name_of

USE_CASES = [
    path for path in SOURCES if path.parent.name == "usecases" and path.name != "__init__.py"
]


def test_no_use_case_imports_a_use_case() -> None:
    found = {
        (name_of(path), name.rpartition(".")[0])
        for path in USE_CASES
        for name in imported(path)
        if ".usecases." in name
    }

    assert len(USE_CASES) > 50
    assert found == set()


@pytest.mark.parametrize("path", USE_CASES, ids=name_of)
def test_a_use_case_has_a_transaction(path: Path) -> None:
    assert "transaction.atomic(durable=True)" in path.read_text(encoding="utf-8")
