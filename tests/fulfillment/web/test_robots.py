"""What a site asks of programs (RFC 9309) is done."""

from __future__ import annotations

import pytest

from fulfillment.adapters.web.robots import matches, may_read, rules_for

TOKEN = "TrinityResearch"


@pytest.mark.parametrize(
    ("robots", "path", "is_allowed"),
    [
        ("", "/", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/c", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        ("User-agent: TrinityResearch\nAllow: /\n\nUser-agent: *\nDisallow: /", "/a", True),
        ("User-agent: trinityresearch/2\nDisallow: /\n\nUser-agent: *\nAllow: /", "/a", False),
        ("User-agent: Other\nUser-agent: *\nDisallow: /x", "/x", False),
        ("User-agent: Other\nDisallow: /x", "/x", True),
        ("\ufeffUSER-AGENT: * # all\ndisallow: /*.pdf$ # papers", "/a/b.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf?c", True),
        ("User-agent: *\nDisallow: /*?", "/a?b", False),
        ("User-agent: *\nCrawl-delay: 5\nSitemap: x\nDisallow: /a", "/a", False),
        ("Disallow: /", "/a", True),
        ("<html>not found</html>", "/a", True),
    ],
)
def test_the_longest_rule_of_the_group_that_names_us_decides(
    robots: str, path: str, is_allowed: bool
) -> None:
    assert may_read(path, rules_for(TOKEN, robots)) is is_allowed


def test_a_pattern_of_many_stars_is_matched_in_one_pass() -> None:
    pattern = "/" + "a*" * 200 + "b$"

    assert not matches("/" + "a" * 20_000, pattern)
    assert matches("/" + "a" * 20_000 + "b", pattern)
