"""How many calls a run may make: what reaches a limit passes, one more does not."""

from __future__ import annotations

import pytest

from toolrouter.floods import Counts, Limits, is_too_many

LIMITS = Limits(calls_per_minute=300, proposals_per_minute=30, waiting=10)


@pytest.mark.parametrize(
    ("calls", "proposals", "waiting", "simple", "with_a_person"),
    [
        (1, 1, 1, False, False),
        (300, 30, 10, False, False),
        (301, 0, 0, True, True),
        (1, 31, 1, False, True),
        (1, 1, 11, False, True),
    ],
)
def test_one_more_than_the_limit_is_too_many(
    calls: int, proposals: int, waiting: int, simple: bool, with_a_person: bool
) -> None:
    counts = Counts(calls=calls, proposals=proposals, waiting=waiting)

    assert is_too_many(counts, LIMITS, needs_person=False) == simple
    assert is_too_many(counts, LIMITS, needs_person=True) == with_a_person
