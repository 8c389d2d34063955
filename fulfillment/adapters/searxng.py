"""A SearXNG instance, asked by its JSON API. https://docs.searxng.org/dev/search_api.html"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, Self

import httpx
from django.conf import LazySettings

from fulfillment.ports_web import Fault, Hit, NotFound, SearchEngine

TIMEOUT: Final = httpx.Timeout(8.0, connect=3.0)
ANSWER_BYTES_MAX: Final = 2 * 1024 * 1024
HITS_MAX: Final = 20


class SearXNG:
    """Asks the instance that an owner named (``SEARCH_URL``); where none was named, it refuses."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._url, self._transport = url.rstrip("/"), transport

    @classmethod
    def from_settings(cls, settings: LazySettings) -> Self:
        """Return the one that settings name."""
        return cls(settings.RESEARCH.search_url)

    def search(self, query: str) -> list[Hit]:
        """Return what it finds, the best first. Raises NotFound."""
        if not self._url:
            raise NotFound(Fault.NOT_CONFIGURED)
        try:
            with (
                httpx.Client(
                    timeout=TIMEOUT,
                    follow_redirects=False,
                    trust_env=False,
                    transport=self._transport,
                ) as client,
                client.stream(
                    "GET", f"{self._url}/search", params={"q": query, "format": "json"}
                ) as answer,
            ):
                if answer.status_code != 200:
                    raise NotFound(Fault.STATUS, is_passing=answer.status_code >= 500)
                body = _bounded(answer)
        except httpx.TimeoutException as error:
            raise NotFound(Fault.TIMEOUT) from error
        except httpx.HTTPError as error:
            raise NotFound(Fault.CONNECTION) from error
        return list(_hits(body))[:HITS_MAX]


def _bounded(answer: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise NotFound(Fault.TOO_LARGE)
    return bytes(body)


def _hits(body: bytes) -> Iterator[Hit]:
    """Yield the results of an answer; one without an address of the web is left out."""
    try:
        results = json.loads(body)["results"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotFound(Fault.ANSWER) from error
    if not isinstance(results, list):
        raise NotFound(Fault.ANSWER)
    for result in results:
        if not isinstance(result, dict):
            continue
        url, title, snippet = (str(result.get(each) or "") for each in ("url", "title", "content"))
        if url.startswith(("http://", "https://")) and url.isascii():
            yield Hit(url=url, title=title, snippet=snippet)


ENGINE: type[SearchEngine] = SearXNG
