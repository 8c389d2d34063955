"""The navigation's word for a page is its heading and its tab's title."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from tests.factories.people import log_in, make_person

pytestmark = pytest.mark.django_db
NO_LISTS = frozenset({"Dashboard", "Admin"})  # how the day stands, and Django's own pages


class Navigation(HTMLParser):
    """The links of the first navigation: each address with its words, without its count."""

    def __init__(self) -> None:
        super().__init__()
        self.words: dict[str, str] = {}
        self._address = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._address = dict(attrs).get("href") or ""
        elif tag == "span":
            self._address = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._address = ""

    def handle_data(self, data: str) -> None:
        if self._address and data.strip():
            self.words.setdefault(self._address, data.strip())


def of(pattern: str, page: str) -> str:
    found = re.search(pattern, page, re.DOTALL)
    assert found is not None, pattern
    return found[1].strip()


def test_each_page_of_the_navigation_is_headed_by_the_word_that_leads_to_it() -> None:
    owner = Client()
    log_in(owner, make_person("owner"))
    navigation = Navigation()
    navigation.feed(of("<nav(.*?)</nav>", owner.get("/console/").content.decode()))
    lists = {a: words for a, words in navigation.words.items() if words not in NO_LISTS}
    lists.pop("/console/")  # the brand

    headed = {}
    for address in lists:
        page = owner.get(address).content.decode()
        headed[address] = (of("<h1>(.*?)</h1>", page), of("<title>(.*?) ·", page))

    assert headed == {address: (words, words) for address, words in lists.items()}
    assert len(lists) >= 18
