"""Nothing in shipped code switches a defence of the router off: no setting, no environment.

That each defence is needed is shown on a patched copy of the source (``tests.ablation``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).parents[2]
GATES = {"LIVE_OUTREACH", "LIVE_SPEND"}  # each opens what an owner must open as well
ENVIRONMENT = {"os", "sys", "environ", "pytest", "tests"}


def shipped() -> Iterator[tuple[str, ast.Module]]:
    for app in ("approvals", "toolrouter"):
        for path in (ROOT / app).rglob("*.py"):
            if not {"migrations", "management"} & set(path.parts):
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def test_the_only_settings_that_are_on_or_off_are_the_gates() -> None:
    read = {
        node.attr
        for _path, tree in shipped()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "settings"
        and node.attr.isupper()
    }

    assert len(read) > 5
    assert {name for name in read if isinstance(getattr(settings, name), bool)} == GATES


def test_neither_app_looks_at_the_environment_or_knows_of_tests() -> None:
    found = [
        (path, name)
        for path, tree in shipped()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None), *(each.name for each in node.names)]
        if name and name.partition(".")[0] in ENVIRONMENT
    ]

    assert found == []
