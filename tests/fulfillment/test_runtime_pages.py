"""Operators see how the agent stands, by name, where they look for runs, and doctor says it too."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from fulfillment.enums import RuntimeState
from fulfillment.ports import Fault
from fulfillment.usecases.note_runtime import note_runtime
from tests.factories.people import make_person
from trinity.agent_settings import Agent
from trinity.doctor.agents import look_at_runtime
from trinity.doctor.findings import Level

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client: Client, settings: Any) -> Any:
    settings.AGENT = Agent(url="http://127.0.0.1:8004", key="", lanes=2)
    client.force_login(make_person("operator"))
    return lambda: client.get(reverse("run-list")).content.decode()


def note(state: RuntimeState, *faults: Fault) -> None:
    note_runtime(state, faults=list(faults), now=timezone.now())


def test_while_it_is_being_set_up_the_page_says_so(page: Any) -> None:
    note(RuntimeState.SETTING_UP)

    assert "The agent is being set up" in page()


def test_what_speaks_against_it_is_named(page: Any) -> None:
    note(RuntimeState.REFUSED, Fault(code="toolset", about="terminal"))

    assert "a set of tools is on: terminal" in page()
    [finding] = look_at_runtime()
    assert (finding.level, "terminal" in finding.words) == (Level.WARN, True)


def test_when_it_is_ready_there_is_nothing_to_say(page: Any) -> None:
    note(RuntimeState.READY)

    assert "The agent" not in page()
    assert [finding.level for finding in look_at_runtime()] == [Level.OK]


def test_where_there_is_none_nobody_misses_it(page: Any, settings: Any) -> None:
    note(RuntimeState.AWAY)
    settings.AGENT = Agent(url="", key="", lanes=2)

    assert "The agent" not in page()
    assert [finding.level for finding in look_at_runtime()] == [Level.OK]
