"""Picks the adapters that settings name."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from fulfillment.ports import Runtime
from fulfillment.ports_web import PageReader, SearchEngine

RUNTIME = "fulfillment.adapters.hermes.HermesRuntime"


@cache
def page_reader() -> PageReader:
    """Return what reads pages of the web."""
    reader: PageReader = import_string(settings.RESEARCH.page_reader).from_settings(settings)
    return reader


@cache
def search_engine() -> SearchEngine:
    """Return what searches the web; it refuses where none is set up."""
    engine: SearchEngine = import_string(settings.RESEARCH.search_engine).from_settings(settings)
    return engine


@cache
def _runtime(_address: str, _key: str, _lanes: int) -> Runtime:
    made: Runtime = import_string(RUNTIME).from_settings(settings)
    return made


def runtime() -> Runtime | None:
    """Return the agent's runtime; None where none is set up, or this process has no key to it."""
    agent = settings.AGENT
    if not agent.url or not agent.key:
        return None
    return _runtime(agent.url, agent.key, agent.lanes)
