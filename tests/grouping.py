"""Tests that share something costly go to one worker, in order.

``xdist_group`` marks work by renaming node ids, which pytest 9.2 no longer allows: they are lost
without a word. So the scheduler is told by path.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

# Path -> group. Each group runs something costly once, for all of its tests.
TOGETHER: Final = {
    "tests/ablation/": "ablation",
    "tests/chaos/": "chaos",
    "tests/contracts/test_mcp_conformance.py": "mcp conformance",
    "tests/journeys/test_buyer_": "a running shop",
    "tests/journeys/test_operator_": "a running shop",
    "tests/stack/test_whole_stack.py": "whole stack",
}


class ByPath(LoadScopeScheduling):
    """Like ``load``, but what belongs to a group of TOGETHER stays together."""

    def _split_scope(self, nodeid: str) -> str:
        groups = (group for path, group in TOGETHER.items() if nodeid.startswith(path))
        return next(groups, nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByPath:
    return ByPath(config, log)
