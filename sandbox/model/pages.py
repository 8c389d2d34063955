"""What the pages that were read say: figures and sentences, each with the words to quote."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

QUOTE_CHARS: Final = (20, 400)
_SENTENCE: Final = re.compile(r"[^.!?]+(?:\.\d[^.!?]*)*[.!?]")
_BLANK_TO: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that was read: its reference, and its text with single blanks."""

    source: str
    url: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Words that stand in a page exactly so, and what they say, by name."""

    page: Page
    words: str
    parts: dict[str, str]

    def quote(self) -> dict[str, str]:
        """The words as a claim quotes them."""
        return {"source": self.page.source, "quote": self.words}


def pages_of(answers: Sequence[dict[str, Any]]) -> list[Page]:
    """The pages among what a fetch answered, and among the sources that a task names."""
    known: dict[str, Page] = {}
    for each in answers:
        source = each.get("source") or each.get("reference")
        text = " ".join(str(each.get("text") or "").split())
        if isinstance(source, str) and text:
            known.setdefault(source, Page(source=source, url=str(each.get("url", "")), text=text))
    return list(known.values())


def find_all(pages: Sequence[Page], pattern: str) -> Iterator[Found]:
    """Where the words of ``pattern`` stand, page by page; blanks in it may be any."""
    sought = re.compile(_BLANK_TO.sub(" ", pattern.strip()))
    for page in pages:
        for found in sought.finditer(page.text):
            words = found.group().strip()
            if QUOTE_CHARS[0] <= len(words) <= QUOTE_CHARS[1]:
                parts = {name: str(value) for name, value in found.groupdict().items()}
                yield Found(page=page, words=words, parts=parts)


def find(pages: Sequence[Page], pattern: str) -> Found | None:
    """The first of them."""
    return next(find_all(pages, pattern), None)


def sentence(pages: Sequence[Page], *words: str) -> Found | None:
    """The first sentence with all of these words in it, as it stands."""
    for page in pages:
        for found in _SENTENCE.finditer(page.text):
            said = found.group().strip()
            fits = QUOTE_CHARS[0] <= len(said) <= QUOTE_CHARS[1]
            if fits and all(word in said.lower() for word in words):
                return Found(page=page, words=said, parts={})
    return None
