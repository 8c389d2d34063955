"""The sandbox's small web as a real process, and our reader pointed at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fulfillment.adapters.web.addresses import SandboxWeb
from fulfillment.adapters.web.fetching import Fetcher
from fulfillment.adapters.web.reader import WebPages
from tests.sandbox.running_sandbox import RunningSandbox

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
