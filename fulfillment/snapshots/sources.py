"""What a snapshot quotes: a page as it was read."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True)
class ReadPage:
    """One page that was read for the run, by its reference. ``text`` is what was taken out."""

    reference: str
    url: str
    title: str
    text: str
    read_at: datetime
    published_on: date | None = None

    @cached_property
    def plain(self) -> str:
        """Return the text as quotes are looked for in it."""
        return plain(self.text)


Pages: TypeAlias = Mapping[str, ReadPage]


def plain(text: str) -> str:
    """Return ``text`` with each run of white space as one blank, in Unicode's composed form.

    Nothing else: a quote with another dash, another case or another letter is another quote.
    """
    return " ".join(unicodedata.normalize("NFC", text).split())
