"""Which tests one worker runs together, and which of them first: a file of tests is never split.

What its module fixtures start is started once then. Where files share something costlier still,
such as a running shop, TOGETHER makes one of them. The longest begin first, so that no worker is
left alone with one at the end.

``xdist_group`` marks work by renaming node ids, which pytest 9.2 no longer allows: they are lost
without a word. So the scheduler is told by path.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import nlargest
from operator import itemgetter
from typing import Any, Final

import pytest
from xdist.scheduler import LoadScopeScheduling

# Path -> group. Each group runs something costly once, for all of its tests.
TOGETHER: Final = {
    "tests/architecture/": "the source, parsed",
    "tests/chaos/": "chaos",
    "tests/journeys/test_buyer_": "a running shop",
    "tests/journeys/test_operator_": "a running shop",
}

# Of twenty seconds and more, the longest first; what waits stands beside what works.
LONGEST: Final = (
    "a running shop",
    "chaos",
    "tests/trinity/serving/test_deadlines.py",
    "tests/journeys/test_account_pages.py",
    "tests/stack/test_whole_stack.py",
    "the source, parsed",
    "tests/trinity/serving/test_refused_requests.py",
    "tests/upgrades/test_upgrades.py",
    "tests/races/test_one_approval.py",
    "tests/stack/test_no_secret_stays.py",
    "tests/trinity/test_restore_drill.py",
    "tests/ablation/test_each_mechanism_is_needed.py",
    "tests/contracts/test_mcp_conformance.py",
    "tests/trinity/serving/test_connections_that_end.py",
    "tests/trinity/serving/test_stripes_door.py",
    "tests/trinity/serving/test_mcp.py",
    "tests/revenue/inspector/test_odd_events.py",
    "tests/trinity/test_admin.py",
    "tests/journeys/test_approver_decides.py",
)
FILES_SHOWN: Final = 10


class ByPath(LoadScopeScheduling):
    """Gives out whole files, or the groups of TOGETHER; those of LONGEST first."""

    def _split_scope(self, nodeid: str) -> str:
        groups = (group for path, group in TOGETHER.items() if nodeid.startswith(path))
        return next(groups, nodeid.partition("::")[0])

    def _assign_work_unit(self, node: Any) -> None:
        longest = next((scope for scope in LONGEST if scope in self.workqueue), None)
        if longest:  # the others are in order of their number of tests
            self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByPath:
    return ByPath(config, log)


def costliest(reports: list[pytest.TestReport]) -> list[str]:
    """Return a line for each of the files that took longest, the longest first."""
    took_s: defaultdict[str, float] = defaultdict(float)
    for report in reports:
        took_s[report.nodeid.partition("::")[0]] += report.duration
    longest = nlargest(FILES_SHOWN, took_s.items(), key=itemgetter(1))
    return [f"{seconds:6.1f} s {file}" for file, seconds in longest]
