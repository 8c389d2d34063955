"""The sandbox's small web as a real process, and our reader pointed at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from fulfillment.adapters.web.addresses import SandboxWeb
from fulfillment.adapters.web.fetching import Fetcher
from fulfillment.adapters.web.reader import WebPages
from fulfillment.models import AcquisitionRun
from kernel.liveness import database_now
from tests.factories.fulfillment import planned_run
from tests.fulfillment.web.researching import agent_of, replace_research
from tests.sandbox.running_sandbox import RunningSandbox
from tests.toolrouter.agents import Agent

USER_AGENT = "TrinityResearch/0 (+http://localhost:8000)"


@pytest.fixture(scope="session")
def small_web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    running = RunningSandbox(tmp_path_factory.mktemp("web"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def pages(small_web: RunningSandbox) -> WebPages:
    web = SandboxWeb(address="127.0.0.1", port=small_web.port)
    return WebPages(Fetcher(user_agent=USER_AGENT, sandbox_web=web))


@pytest.fixture
def search_is_set_up(settings: Settings) -> None:
    settings.RESEARCH = replace_research(settings, search_url="http://127.0.0.1:9/web")


@pytest.fixture
def run() -> AcquisitionRun:
    return planned_run(now=database_now())


@pytest.fixture
def agent(run: AcquisitionRun) -> Agent:
    return agent_of(run)
