"""The agents' endpoint against the protocol's own conformance suite, in both eras.

The scenarios of its protocol, versions, headers and errors. What it has beside them asks for what
we do not offer (prompts, resources, sampling, diagnostic tools of its own).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.contracts.mcp_conformance.relay import relayed
from tests.contracts.mcp_conformance.suite import NotHere, Suite, installed
from tests.toolrouter.agents import an_agent
from tests.trinity.serving.serving import Served, served
from trinity.stack.home import Home

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
OLD, NEW = "2025-11-25", "2026-07-28"

SCENARIOS: Final = {
    OLD: (
        "server-initialize",
        "server-session-lifecycle",
        "ping",
        "tools-list",
        "tools-call-error",
        "server-sse-polling",
        "server-sse-multiple-streams",
        "dns-rebinding-protection",
    ),
    NEW: (
        "server-stateless",
        "tools-list",
        "tools-call-error",
        "sep-2164-resource-not-found",
        "input-required-result-unsupported-methods",
        "server-sse-multiple-streams",
        "dns-rebinding-protection",
        "caching",
        "http-header-validation",
        "http-custom-header-server-validation",
    ),
}

# Checks that must fail, and why that is right of us.
NO_SUCH_TOOL: Final = "it calls a diagnostic tool of its own, and every tool of ours is an agent's"
NOT_OFFERED: Final = "we offer tools alone: no prompts, no resources"
NO_HEADER_ARGUMENTS: Final = "no argument of a tool of ours travels in a header"
EXPECTED: Final = {
    "tools-call-error": {"tools-call-error": NO_SUCH_TOOL},
    "server-stateless": {
        "sep-2575-server-rejects-undeclared-capability": NO_SUCH_TOOL,
        "sep-2575-missing-capability-http-400": NO_SUCH_TOOL,
    },
    "caching": {
        "sep-2549-prompts-list-caching-hints": NOT_OFFERED,
        "sep-2549-resources-list-caching-hints": NOT_OFFERED,
        "sep-2549-resources-templates-list-caching-hints": NOT_OFFERED,
    },
    "http-custom-header-server-validation": {
        "sep-2243-server-no-xmcp-tool": NO_HEADER_ARGUMENTS,
        "sep-2243-server-decode-base64": NO_HEADER_ARGUMENTS,
        "sep-2243-server-validate-param-match": NO_HEADER_ARGUMENTS,
        "sep-2243-server-reject-invalid-param-chars": NO_HEADER_ARGUMENTS,
        "sep-2243-server-reject-param-mismatch": NO_HEADER_ARGUMENTS,
    },
}


@pytest.fixture(scope="module")
def suite() -> Suite:
    try:
        return installed(Home.of(os.environ).path)
    except NotHere as reason:
        pytest.skip(f"the protocol's conformance suite was not run: {reason}")


@pytest.fixture(scope="module")
def mcp(
    suite: Suite,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Served]:
    with django_db_blocker.unblock(), served("mcp", folder=tmp_path_factory.mktemp("mcp")) as ours:
        yield ours


@pytest.mark.parametrize(
    ("era", "scenario"), [(era, scenario) for era in SCENARIOS for scenario in SCENARIOS[era]]
)
def test_it_conforms_but_for_what_is_named(
    suite: Suite, mcp: Served, era: str, scenario: str, tmp_path: Path
) -> None:
    with relayed(mcp.port, token=an_agent().token) as url:
        failed = suite.failures(scenario, url=url, era=era, folder=tmp_path)
    assert failed.keys() == EXPECTED.get(scenario, {}).keys(), failed
