"""Tests that share something costly go to one worker, in order.

``xdist_group`` marks work by renaming node ids, which pytest 9.2 no longer allows: they are lost
without a word. So the scheduler is told by path.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

# Each runs a stack of its own, for all of its tests.
TOGETHER: Final = ("tests/chaos/", "tests/stack/test_whole_stack.py")


class ByPath(LoadScopeScheduling):  # type: ignore[misc]  # xdist carries no types
    """Like ``load``, but what lies under one of TOGETHER stays together."""

    def _split_scope(self, nodeid: str) -> str:
        return next((path for path in TOGETHER if nodeid.startswith(path)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByPath:
    return ByPath(config, log)
