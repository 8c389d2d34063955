"""The page and the PDF of a snapshot: the same words, two pages, nothing loaded."""

from __future__ import annotations

import contextlib
import io
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from html import unescape

import pytest
from pypdf import PdfReader

from fulfillment.snapshots.document import Document, Issue, Maker, Said, lay_out
from fulfillment.snapshots.page import as_page, policy_of
from fulfillment.snapshots.pdf import DoesNotFit, as_pdf
from fulfillment.snapshots.pen import undrawable
from fulfillment.snapshots.sample import PAGES, SNAPSHOT

ISSUE = Issue(reference="dlv_x", seller="Us", made_on=date(2026, 10, 20), maker=Maker.SCRIPT)
DOCUMENT = lay_out(SNAPSHOT, PAGES, issue=ISSUE)


@cache
def _pages_of(document_is: str = "sample") -> list[str]:  # one, made once
    return [page.extract_text() for page in PdfReader(io.BytesIO(as_pdf(DOCUMENT))).pages]


def _words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[\w$%€]+", text.upper()))


def _page_words(document: Document) -> Counter[str]:
    page = as_page(document).decode()
    body = page[page.index("<main>") :]
    body = re.sub(r'<p class="notice again">.*?</p>', "", body)
    return _words(unescape(re.sub(r"<[^>]+>", " ", body)))


def test_it_is_two_pages() -> None:
    assert len(_pages_of()) == 2


def test_page_and_pdf_say_the_same() -> None:
    """But for what paper repeats on its second page, its page numbers, and the sources' marks."""
    paper = _words(" ".join(_pages_of()))
    repeated = _words("Acquisition snapshot, 20 October 2026. Us") + _words(DOCUMENT.notice * 1)
    made = _words("Written by a script about a made-up company")
    paper_only = repeated + made + _words("1 / 2 2 / 2") + _words("1 2 3 4 5")
    arrows = Counter({"→": 0})
    assert paper - paper_only - arrows == _page_words(DOCUMENT) - Counter()


def test_what_a_script_wrote_says_so_on_every_page() -> None:
    said = "Written by a script about a made-up company"
    assert all(said in page.replace("\n", " ") for page in _pages_of())
    assert said in as_page(DOCUMENT).decode()


def test_the_same_document_is_the_same_bytes() -> None:
    assert as_pdf(DOCUMENT) == as_pdf(replace(DOCUMENT))
    assert as_page(DOCUMENT) == as_page(replace(DOCUMENT))


def test_the_page_loads_nothing_and_allows_its_own_style_only() -> None:
    page = as_page(DOCUMENT)
    assert re.search(rb"(src=|@import|url\(|<script|<link|<img|<iframe|style=)", page) is None
    policy = policy_of(page)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy_of(page.replace(b"--paper", b"--pulp")) != policy


def test_what_it_says_is_text_and_never_markup() -> None:
    hostile = replace(DOCUMENT, headline="<script>alert(1)</script>", company='"><img src=x>')
    page = as_page(hostile).decode()
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_only_addresses_of_the_web_are_links() -> None:
    (first, *rest) = DOCUMENT.sources
    tricky = replace(DOCUMENT, sources=[replace(first, url="javascript:alert(1)"), *rest])
    assert "javascript:" not in as_page(tricky).decode()
    assert b"javascript:" not in as_pdf(tricky)


def test_latin_greek_and_cyrillic_can_be_drawn() -> None:
    assert undrawable("Zażółć gęślą jaźń, Œuvre, Ελλάδα, Щётка, “1 200 €” → ½ × 3 − 1") == ""
    assert undrawable("寿司 and 寿") == "寿司"


def test_the_longest_that_the_schema_allows_fits_in_smaller_type_or_is_refused() -> None:
    long = Said(text="Words and more words of it. " * 10, is_judgement=True)
    full = replace(
        DOCUMENT,
        in_short=[long] * 3,
        loss=[long] * 3,
        channels=[replace(each, cost=long, share=long) for each in DOCUMENT.channels],
    )
    with contextlib.suppress(DoesNotFit):
        assert len(PdfReader(io.BytesIO(as_pdf(full))).pages) == 2
    with pytest.raises(DoesNotFit):
        as_pdf(replace(DOCUMENT, channels=[*full.channels] * 5))
