"""Every address, read from the resolver, with the words on its view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver, is_valid_path

EXAMPLES = {
    "int": "999999",
    "slug": "nothing-here",
    "str": "ord_00000000000000000000000000",
    "path": "nothing",
    "foreign_id": "evt_nothing",
    "uuid": "00000000-0000-0000-0000-000000000000",
}


@dataclass(frozen=True)
class Endpoint:
    route: str
    name: str
    view: object

    @property
    def address(self) -> str:
        filled = self.route
        for converter, example in EXAMPLES.items():
            filled = _fill(filled, converter, example)
        return "/" + filled

    @property
    def is_said(self) -> bool:
        return hasattr(self.view, "required_permission")

    @property
    def permission(self) -> str | None:
        word: str | None = self.view.required_permission
        return word


def _fill(route: str, converter: str, example: str) -> str:
    while f"<{converter}:" in route:
        before, _, rest = route.partition(f"<{converter}:")
        route = before + example + rest.partition(">")[2]
    return route


def all_endpoints() -> Iterator[Endpoint]:
    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[Endpoint]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            else:
                yield Endpoint(route, pattern.name or "", pattern.callback)

    return walk(get_resolver().url_patterns, "")


ENDPOINTS = list(all_endpoints())


def by_route(endpoint: Endpoint) -> str:
    return endpoint.route or "/"


def page_above(address: str) -> str:
    """Return where an address that takes only forms sends who opens it: the nearest page above."""
    above = [address[: at + 1] for at, char in enumerate(address[:-1]) if char == "/"]
    return [page for page in above if page == "/" or is_valid_path(page)][-1]
