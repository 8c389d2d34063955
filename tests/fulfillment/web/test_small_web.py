"""The sandbox's small web: any company can be looked up, and one of them means harm."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fulfillment.adapters.searxng import SearXNG
from fulfillment.adapters.web import reader as reading_pages
from fulfillment.adapters.web.reader import WebPages
from fulfillment.firewall import clean
from fulfillment.ports_web import Fault, NotFound
from sandbox.web.companies import KNOWN, company_at, host_of, name_of
from sandbox.web.hostile import AWAY
from sandbox.web.pages import PAGES
from tests.sandbox.running_sandbox import RunningSandbox

HOSTILE = "http://grimholt-partners.example"


@pytest.fixture
def engine(small_web: RunningSandbox) -> SearXNG:
    return SearXNG(f"{small_web.base}/web")


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits twelve seconds here for what drips."""
    monkeypatch.setattr(reading_pages, "ALL_S_MAX", 2.0)
    monkeypatch.setattr(reading_pages, "_remembered", lambda _: None)


@pytest.mark.parametrize(
    ("query", "host"),
    [
        ("Acme Dental pricing", "acme-dental.example"),
        ('where do customers of "Ferrant & Sons" come from', "ferrant-and-sons.example"),
        ("brightloom customer acquisition channels", "brightloom.example"),
        ("https://www.hollow-oak.com reviews", "hollow-oak.example"),
        ("Müller Bäckerei", "muller-backerei.example"),
        ("東京商会 pricing", host_of("東京商会")),
    ],
)
def test_any_company_is_found_under_its_name(query: str, host: str, engine: SearXNG) -> None:
    hosts = [hit.url.split("/")[2] for hit in engine.search(query)]

    assert hosts.count(host) >= 5
    assert {"tradepost.example", "fairword.example", "plainlist.example"} <= set(hosts)


def test_what_is_asked_about_comes_first(engine: SearXNG) -> None:
    assert engine.search("Acme Dental pricing")[0].url == "http://acme-dental.example/pricing"
    assert "where-our-customers" in engine.search("Acme Dental customer channels")[0].url


def test_the_same_name_is_the_same_company_and_its_pages_agree(pages: WebPages) -> None:
    company = company_at("acme-dental.example")
    base = "http://acme-dental.example"

    origins = pages.read(f"{base}/news/where-our-customers-come-from")
    winter = pages.read(f"{base}/news/what-we-change-this-winter")
    article = pages.read("http://tradepost.example/acme-dental")

    assert sum(channel.share for channel in company.channels) == 100
    for channel in company.channels:
        assert f"{channel.share} %" in origins.text
        assert f"about {channel.cost} dollars" in origins.text
    assert f"{company.lost_percent} %" in winter.text
    assert f"{company.new:,}" in origins.text
    assert f"{company.new:,}" in article.text
    assert f"{company.lost_percent} %" in article.text
    assert (origins.published_on, winter.published_on) == (company.told_on, company.reported_on)
    assert origins.title.startswith("Where our customers come from")


@pytest.mark.parametrize("label", KNOWN)
def test_each_page_of_each_company_is_there_and_says_sandbox(
    label: str, small_web: RunningSandbox
) -> None:
    with httpx.Client(base_url=small_web.base) as client:
        for path in PAGES:
            far = client.get(path, headers={"Host": f"{label}.example"})
            near = client.get(f"/web/{label}.example{path}")
            assert (far.status_code, near.status_code) == (200, 200)
            assert "<strong>Sandbox.</strong>" in far.text
            assert f'href="http://{label}.example/' in far.text
            assert 'href="http://' not in near.text


def test_a_page_that_a_company_does_not_have_is_not_found(pages: WebPages) -> None:
    with pytest.raises(NotFound, match="status"):
        pages.read("http://acme-dental.example/wp-admin")


@pytest.mark.parametrize("name", ["", "-", "..", "a" * 300, "%00", "‮", "💥", "acme.com/../x"])
def test_whatever_is_typed_has_a_host_and_a_name(name: str) -> None:
    host = host_of(name)

    assert host.endswith(".example")
    assert len(host) < 72
    assert name_of(host)
    assert company_at(host).name == name_of(host)


def expected_of_the_hostile_one() -> list[Any]:
    away = [(path, {Fault.ADDRESS, Fault.PRIVATE}) for path in AWAY]
    return [
        ("/maze", {Fault.REDIRECTS}),
        ("/report.html.gz", {Fault.TOO_LARGE}),
        ("/slow", {Fault.TIMEOUT}),
        ("/private/plans", {Fault.ROBOTS}),
        *away,
    ]


@pytest.mark.parametrize(("path", "faults"), expected_of_the_hostile_one())
def test_nothing_that_the_hostile_company_serves_gets_further(
    path: str, faults: set[Fault], pages: WebPages
) -> None:
    with pytest.raises(NotFound) as refused:
        pages.read(f"{HOSTILE}{path}")

    assert refused.value.fault in faults


def test_its_hostile_alphabets_are_only_text(pages: WebPages) -> None:
    page = pages.read(f"{HOSTILE}/letters")

    assert page.text
    assert not set(page.text) & set("\u202e\u200b\ufeff\U000e0041")


def test_its_orders_to_an_agent_are_recognised(pages: WebPages) -> None:
    page = pages.read(f"{HOSTILE}/customers")

    assert "OUT-OF-BAND USER MESSAGE" in page.text
    assert clean(page.text).codes
    assert "OUT-OF-BAND" not in clean(page.text).text


def answering(status: int, body: bytes) -> SearXNG:
    return SearXNG(
        "http://search.example",
        transport=httpx.MockTransport(lambda _: httpx.Response(status, content=body)),
    )


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (200, b"no json", Fault.ANSWER),
        (200, b"[]", Fault.ANSWER),
        (200, b'{"results": 1}', Fault.ANSWER),
        (200, b"[" * 100_000, Fault.ANSWER),
        (200, b" " * (3 * 1024 * 1024), Fault.TOO_LARGE),
        (403, b"{}", Fault.STATUS),
        (502, b"{}", Fault.STATUS),
        (302, b"{}", Fault.STATUS),
    ],
)
def test_a_search_engine_that_says_something_else_is_not_believed(
    status: int, body: bytes, fault: Fault
) -> None:
    with pytest.raises(NotFound) as refused:
        answering(status, body).search("a")

    assert refused.value.fault == fault


def test_results_without_an_address_of_the_web_are_left_out() -> None:
    body = b"""{"results": [1, {}, {"url": "javascript:alert(1)", "title": "a"},
        {"url": "http://a.com/", "title": null, "content": 7}]}"""

    [hit] = answering(200, body).search("a")

    assert (hit.url, hit.title, hit.snippet) == ("http://a.com/", "", "7")


def test_without_a_search_engine_nobody_is_asked() -> None:
    with pytest.raises(NotFound, match="not_configured"):
        SearXNG("").search("a")
