"""How many calls were made in a minute of long ago is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.toolrouter.agents import an_agent
from toolrouter.models import CallCount
from toolrouter.usecases.forget_counts import forget_counts
from trinity.schedule import SWEEPS_EVERY_S

pytestmark = pytest.mark.django_db


def test_counts_are_kept_for_a_day_and_then_deleted_by_the_schedule() -> None:
    agent = an_agent()
    agent.read("read_lead", {"deal": agent.deal.reference})
    minute = CallCount.objects.get().minute

    assert forget_counts(now=minute + timedelta(days=1)) == 0
    assert forget_counts(now=minute + timedelta(days=1, seconds=1)) == 1
    assert not CallCount.objects.exists()
    assert SWEEPS_EVERY_S["toolrouter.forget_counts"] == 86_400
