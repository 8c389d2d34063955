"""Whether agents can search the web."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from fulfillment.ports_web import FAULT_WORDS, NotFound
from fulfillment.providers import search_engine
from trinity.doctor.findings import Finding, bad, ok, warn

WHAT: Final = "research on the web"
ASKED: Final = "weather"  # a question that tells its engine nothing


def look_at_search(*, verify: bool) -> Iterator[Finding]:
    """Whether a search engine is set up; ``verify`` asks it something."""
    if not settings.RESEARCH.search_url:
        yield warn(
            WHAT,
            "no search engine is set up: agents' searches are denied as not_configured",
            "Set SEARCH_URL to a SearXNG instance that answers in JSON.",
        )
        return
    where = urlsplit(settings.RESEARCH.search_url).netloc
    if not verify:
        yield ok(WHAT, f"{where} is asked")
        return
    try:
        found = search_engine().search(ASKED)
    except NotFound as error:
        yield bad(
            WHAT,
            f"{where}: {FAULT_WORDS[error.fault].lower()}",
            "Correct SEARCH_URL, or switch its JSON format on (search.formats: [html, json]).",
        )
    else:
        yield ok(WHAT, f"{where} answers ({len(found)} results)")
