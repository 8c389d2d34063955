"""Picks the adapters that settings name."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from fulfillment.ports_web import PageReader, SearchEngine


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
