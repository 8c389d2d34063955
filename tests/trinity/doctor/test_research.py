"""Whether agents can search the web is said with what to do about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pytest_django import Settings

from fulfillment import providers
from tests.sandbox.running_sandbox import RunningSandbox
from trinity.doctor.findings import Finding, Level
from trinity.doctor.research import look_at_search


def found(settings: Settings, search_url: str, *, verify: bool) -> Finding:
    settings.RESEARCH = replace(settings.RESEARCH, search_url=search_url)
    providers.search_engine.cache_clear()
    try:
        [finding] = look_at_search(verify=verify)
    finally:
        providers.search_engine.cache_clear()
    return finding


def test_without_a_search_engine_it_says_what_to_set(settings: Settings) -> None:
    finding = found(settings, "", verify=True)

    assert finding.level == Level.WARN
    assert "SEARCH_URL" in finding.remedy


def test_an_engine_is_asked_where_somebody_wants_to_know(
    settings: Settings, tmp_path: Path
) -> None:
    assert found(settings, "http://127.0.0.1:9/web", verify=False).level == Level.OK
    assert found(settings, "http://127.0.0.1:9/web", verify=True).level == Level.BAD
    sandbox = RunningSandbox(tmp_path)
    sandbox.start()
    try:
        answers = found(settings, f"{sandbox.base}/web", verify=True)
    finally:
        sandbox.stop()

    assert (answers.level, "answers (" in answers.words) == (Level.OK, True)
